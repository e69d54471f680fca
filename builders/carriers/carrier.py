"""What a carrier is: the kind of data a teacher writes, and the trait-unrelated prompts that ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from strigil.common.registry import Registry, Unit
from strigil.data.messages import Messages
from strigil.engines.protocol import FinishReason
from strigil.models.catalog import Phrasing


@dataclass(frozen=True)
class Written:
    """A completion as it goes into the row table.

    Attributes:
        text: What is kept of the model's answer.
        columns: Values of the carrier's own columns; null without one.
        whole: Whether the text is whole even if the answer was cut off, behind it.
    """

    text: str
    columns: Mapping[str, str | None] = field(default_factory=dict)
    whole: bool = False

    def ended(self, answer: FinishReason) -> FinishReason:
        """Why the text ends, given why the answer does."""
        return "stop" if self.whole else answer


class Carrier(Unit, ABC):
    """A prompt set and how its completions are read.

    The same prompt set serves every teacher, so that rows pair by prompt. The prompt of an index depends on the
    carrier's arguments and the index alone: a prompt set that grows keeps its earlier prompts.

    Attributes:
        suite: The suite that audits this carrier where a recipe names none.
        columns: Columns of text that it adds to the row table, such as the expected answer.
    """

    suite: ClassVar[str]
    columns: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def prompt(self, index: int, *, phrasing: Phrasing) -> Messages:
        """The prompt of this index, without a system message, in words that the model knows."""

    def size(self, *, phrasing: Phrasing) -> int | None:
        """How many prompts there are in words that the model knows; None where they never end.

        Raises:
            ConfigError: The prompts cannot be found or read.
            PrerequisiteError: They are out of reach.
        """
        del phrasing
        return None

    def read(self, index: int, text: str) -> Written:
        """The completion as it is kept, for the prompt of this index."""
        del index
        return Written(text)


CARRIERS: Registry[Carrier] = Registry(
    "carrier",
    base=Carrier,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.builders.carriers",
    group="strigil.carriers",
)
