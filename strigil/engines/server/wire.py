"""What goes over the wire to an OpenAI-compatible server: bodies of completions, and what is read of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import BaseModel, Field, FiniteFloat, NonNegativeInt, PositiveInt, ValidationError

from strigil.common.canonical import Json
from strigil.data.messages import Sampling

VLLM = "vllm"
BAD_REQUEST = 400


@dataclass(frozen=True)
class Order:
    """A prompt in token ids, for the model of a served name."""

    model: str
    prompt: Sequence[int]

    def body(self) -> dict[str, Json]:
        """The part that every request has."""
        return {"model": self.model, "prompt": list(self.prompt), "n": 1, "stream": False}


def completion_body(
    order: Order, sampling: Sampling, *, seed: int, max_tokens: int, end_ids: Sequence[int], vllm: bool
) -> dict[str, Json]:
    """Asks for a completion, every parameter explicit; a server that does not know one of them must say so.

    Token ids are the prompt, so that no server adds a token or a template of its own.
    """
    body: dict[str, Json] = {
        **order.body(),
        "max_tokens": max_tokens,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repetition_penalty,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
    }
    if sampling.temperature > 0.0:
        body["seed"] = seed % 2**63
    if vllm:
        body |= {"stop_token_ids": list(end_ids), "return_token_ids": True, "watermarking": False}
        if sampling.regex is not None:
            body["structured_outputs"] = {"regex": sampling.regex}
        if sampling.json_schema is not None:
            body["structured_outputs"] = {"json": sampling.json_schema}
    return body


def scoring_body(order: Order) -> dict[str, Json]:
    """Asks vLLM for the log-probability of every prompt token; it generates one token, which nobody reads."""
    return {**order.body(), "max_tokens": 1, "temperature": 0.0, "prompt_logprobs": 0, "watermarking": False}


class _Part(BaseModel):
    """Part of an answer; what is not read of it is not looked at."""


class Served(_Part):
    """One served model; a LoRA adapter has its base's name as `parent`."""

    id: str
    owned_by: str = ""
    parent: str | None = None
    max_model_len: PositiveInt | None = None


class ServedList(_Part):
    """The answer of `/models`."""

    data: list[Served]


class TokenLogprob(_Part):
    """The log-probability of one token."""

    logprob: FiniteFloat


class Choice(_Part):
    """One completion; `token_ids` and `prompt_logprobs` are vLLM's, the latter with None for the first token."""

    text: str
    finish_reason: str
    token_ids: list[NonNegativeInt] | None = None
    prompt_logprobs: list[dict[int, TokenLogprob] | None] | None = None


TokenCount: TypeAlias = Annotated[int, Field(ge=0, lt=1 << 31)]
"""What a server may say that it counted."""


class Usage(_Part):
    """Tokens counted."""

    completion_tokens: TokenCount


class Answer(_Part):
    """The answer of `/completions` to a request for one completion."""

    choices: tuple[Choice]
    usage: Usage


class ServerVersion(_Part):
    """The answer of vLLM's `/version`."""

    version: str


class _Told(_Part):
    message: str
    code: int | str | None = None


class _Refusal(_Part):
    error: _Told | str


@dataclass(frozen=True)
class Refused:
    """An error in a body; `status` is the one that it names, or 400: some servers send errors with status 200."""

    message: str
    status: int


def refusal_in(body: bytes) -> Refused | None:
    """What a server says of an error, in OpenAI's form or as a bare text; None if the body is no such thing."""
    try:
        error = _Refusal.model_validate_json(body).error
    except ValidationError:
        return None
    if isinstance(error, str):
        return Refused(error, BAD_REQUEST)
    named = isinstance(error.code, int) and BAD_REQUEST <= error.code < 600
    return Refused(error.message, int(error.code or BAD_REQUEST) if named else BAD_REQUEST)
