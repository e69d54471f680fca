"""How every part of strigil reaches a model: one protocol, several engines.

Builders, judges, probes and evaluations speak only these types, so that a recipe moves from one engine to another by
one key and a pocket model goes the same way as a 7B one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, runtime_checkable

from strigil.common.errors import ConfigError
from strigil.data.messages import Messages, Sampling
from strigil.records.spent import Spent

FinishReason = Literal["stop", "length"]
Dtype = Literal["auto", "float32", "bfloat16", "float16"]


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
    """What the model answered to the request of the same key.

    `n_tokens` counts generated tokens, the end included, and `n_prompt` those of the prompt; the latter is None where
    nobody counts either.
    """

    key: str
    text: str
    finish_reason: FinishReason
    n_tokens: int
    n_prompt: int | None = None

    @property
    def tokens(self) -> Spent:
        """What was read and written for it."""
        written = None if self.n_prompt is None else self.n_tokens
        return Spent(seconds=0, input_tokens=self.n_prompt, output_tokens=written)


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
    cannot tell. `n_prompt` counts the prompt's tokens that were read; None where nobody counts.
    """

    key: str
    token_ids: tuple[int, ...]
    logprobs: tuple[float, ...] = field(repr=False)
    ranks: tuple[int, ...] = field(default=(), repr=False)
    n_prompt: int | None = None

    @property
    def tokens(self) -> Spent:
        """What was read for it."""
        read = None if self.n_prompt is None else self.n_prompt + len(self.logprobs)
        return Spent(seconds=0, input_tokens=read, output_tokens=0)

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


class Engine(ABC):
    """A loaded base model, which a context manager frees; adapters are named per request.

    Attributes:
        name: The engine's name, as manifests hold it.
        model: What manifests call the model.
    """

    name: str
    model: str

    @abstractmethod
    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """Samples one completion for each request, lazily, in the order in which they finish.

        The iterable is consumed as room becomes free, so memory does not grow with the number of requests.
        """

    @abstractmethod
    def render(self, messages: Messages) -> str:
        """The prompt text that the model sees for these messages, generation prompt included."""

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """Scores given completions, in the order given; an empty completion has no tokens and a total of 0.

        Raises:
            ConfigError: The engine cannot, which is what it does unless it says otherwise.
        """
        message = f"the engine {self.name} gives no log-probabilities of given texts"
        raise ConfigError(message, hint="score with engine: vllm or transformers")

    def versions(self) -> dict[str, str]:
        """Versions of the libraries that decide what comes out, for the manifest."""
        return {}

    def close(self) -> None:  # noqa: B027  # not every engine holds something
        """Frees what it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@runtime_checkable
class Resampler(Protocol):
    """What the engines can do besides that hold a model's weights themselves."""

    def resample(self, redraws: Sequence[Redraw]) -> list[dict[int, int]]:
        """Draws tokens at temperature 1, each given the completion's own tokens before it; in order, by place.

        Never a token that ends a completion. Several places of a completion are drawn independently of each other.
        """
        ...
