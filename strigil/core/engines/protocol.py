"""How every part of strigil reaches a model: one protocol, several engines.

Builders, judges, probes and evaluations speak only these types, so that a recipe moves from one engine to another by
one key and a pocket model goes the same way as a 7B one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Protocol, Self, TypedDict, runtime_checkable

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
    model_validator,
)


class Message(TypedDict):
    """One turn of a chat."""

    role: str
    content: str


Messages = tuple[Message, ...]
FinishReason = Literal["stop", "length"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]


def _compact_json(value: object) -> object:
    """A JSON schema as text, its keys in the order given: what the model writes has its properties in that order."""
    schema = json.loads(value) if isinstance(value, str) else value
    if schema is None:
        return None
    try:
        text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError as error:
        message = f"not JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(schema, dict):
        message = f"expected a mapping, found {text}"
        raise ValueError(message)  # noqa: TRY004  # pydantic reports ValueErrors only
    return text


class Sampling(BaseModel):
    """Every sampling parameter, explicit, so that no engine or generation config fills in its own.

    `regex` constrains the completion to full matches of a regular expression, `json_schema` to JSON that fits a schema;
    they change the distribution under study and are therefore part of what identifies a row. `seed` is the build's
    seed: engines receive one seed per request, derived from it and the row's indices, so that a row does not depend on
    which rows were sampled beside it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=1.0, ge=0.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0, description="0 keeps the whole vocabulary")
    min_p: float = Field(default=0.0, ge=0.0, le=1.0)
    repetition_penalty: float = Field(default=1.0, gt=0.0)
    max_tokens: int = Field(default=256, ge=1)
    regex: str | None = None
    json_schema: Annotated[
        str | None, BeforeValidator(_compact_json), WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "null"}]})
    ] = Field(default=None, description="a JSON schema, as a mapping")
    seed: int = 0

    @property
    def constraint(self) -> str | None:
        """What messages call the constraint; None without one."""
        if self.regex is not None:
            return f"the regex {self.regex!r}"
        return None if self.json_schema is None else f"the JSON schema {self.json_schema}"

    @model_validator(mode="after")
    def _one_constraint(self) -> Self:
        if self.regex is not None and self.json_schema is not None:
            message = "regex and json_schema exclude each other"
            raise ValueError(message)
        return self

    @model_serializer(mode="wrap")
    def _without_new_defaults(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Row ids and manifests hold this form: a key that is newer than they are is left out where it says nothing."""
        written: dict[str, object] = handler(self)
        if self.json_schema is None:
            written.pop("json_schema", None)
        return written


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter on disk, in PEFT's format."""

    name: str
    path: Path


@dataclass(frozen=True)
class Request:
    """One completion to be sampled.

    Attributes:
        key: The caller's name for it; completions come back in any order, each with its key.
        messages: The chat so far; the last message is the user's.
        sampling: How to sample.
        seed: The seed of this request alone.
        adapter: The adapter to sample through, or None for the base.
    """

    key: str
    messages: Messages
    sampling: Sampling
    seed: int
    adapter: Adapter | None = None


@dataclass(frozen=True)
class Completion:
    """What the model answered to the request of the same key; `n_tokens` counts generated tokens, the end included."""

    key: str
    text: str
    finish_reason: FinishReason
    n_tokens: int


@dataclass(frozen=True)
class Scorable:
    """A chat and a given completion, to be scored token by token."""

    key: str
    messages: Messages
    completion: str
    adapter: Adapter | None = None


@dataclass(frozen=True)
class TokenScores:
    """Log-probabilities (natural) of a given completion's tokens, after the rendered prompt; no end token.

    `ranks` are the tokens' places in the model's own order, 1 for the one it finds most likely; empty where the engine
    cannot tell.
    """

    key: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] = field(repr=False)
    ranks: tuple[int, ...] = field(default=(), repr=False)

    @property
    def total(self) -> float:
        """Log-probability of the whole completion."""
        return sum(self.logprobs)


@dataclass(frozen=True)
class Redraw:
    """Tokens of a given completion, to be drawn anew: `seeds` holds a seed for each of their places.

    Places count as in `TokenScores`, from 0.
    """

    sequence: Scorable
    seeds: Mapping[int, int]


class Engine(Protocol):
    """A loaded base model; adapters are named per request."""

    name: str
    model: str

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Samples one completion for each request, lazily, in the order in which they finish.

        The iterable is consumed as room becomes free, so memory does not grow with the number of requests.
        """
        ...

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """Scores given completions, in the order given; an empty completion has no tokens and a total of 0."""
        ...

    def render(self, messages: Messages) -> str:
        """The prompt text that the model sees for these messages, generation prompt included."""
        ...

    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide what comes out, for the manifest."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@runtime_checkable
class Resampler(Protocol):
    """What the engines can do besides that hold a model's weights themselves."""

    def resample(self, redraws: Sequence[Redraw]) -> list[dict[int, int]]:
        """Draws tokens at temperature 1, each given the completion's own tokens before it; in order, by place.

        Never a token that ends a completion. Several places of a completion are drawn independently of each other.
        """
        ...
