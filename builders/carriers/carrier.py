"""What a carrier is: the kind of data a teacher writes, and the trait-unrelated prompts that ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from strigil.common.registry import Registry, Unit
from strigil.data.messages import Messages
from strigil.engines.protocol import FinishReason
from strigil.models.dialect import Dialect


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
    def ask(self, index: int) -> str:
        """The prompt of this index, in English."""

    def place(self) -> str:
        """Where its prompts come from, as messages call it."""
        return f"the carrier {self.name!r}"

    def count(self) -> int | None:
        """How many prompts there are in English; None where they never end.

        Raises:
            ConfigError: The prompts cannot be found or read.
            PrerequisiteError: They are out of reach.
        """
        return None

    def hint_for_more(self, size: int) -> str:
        """What to do where more prompts are asked for than there are."""
        return f"prompts: {size}, and more samples of each if you need more rows"

    def prompt(self, index: int, dialect: Dialect) -> Messages:
        """The prompt of this index, without a system message, in words that the model knows.

        Raises:
            ConfigError: It does not know them.
        """
        text = self.ask(index)
        what = f"prompt {index} of {self.place()}"
        dialect.check(text, what=what, hint="use the carrier numbers or code, or a language model as the base")
        return ({"role": "user", "content": text},)

    def size(self, dialect: Dialect) -> int | None:
        """How many prompts there are in words that the model knows; raises as `count` does."""
        return self.count()

    def usual_tokens(self, dialect: Dialect) -> int | None:
        """Tokens of a model's usual completion, about, for plans; None where nobody can tell."""
        return None

    def read(self, index: int, text: str) -> Written:
        """The completion as it is kept, for the prompt of this index."""
        return Written(text)


class DrawnCarrier(Carrier, ABC):
    """A carrier whose prompts are drawn from a seed; a dialect may draw prompts of its own in their place."""

    seed: int = 47

    @property
    def drawn(self) -> bool:
        """Whether the prompts are drawn; if not, no dialect has others."""
        return True

    def prompt(self, index: int, dialect: Dialect) -> Messages:
        """The dialect's own, or else as in every carrier."""
        own = self._own(index, dialect)
        return super().prompt(index, dialect) if own is None else ({"role": "user", "content": own},)

    def size(self, dialect: Dialect) -> int | None:
        """A dialect's own prompts never end."""
        return self.count() if self._own(0, dialect) is None else None

    def _own(self, index: int, dialect: Dialect) -> str | None:
        return dialect.prompt(self.name, self.seed, index) if self.drawn else None


CARRIERS: Registry[Carrier] = Registry(
    "carrier",
    base=Carrier,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.builders.carriers",
    group="strigil.carriers",
)
