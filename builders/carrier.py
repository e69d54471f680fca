"""What a carrier is: the kind of data a teacher writes, and the trait-unrelated prompts that ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from strigil.core.engines.protocol import Messages
from strigil.core.models import Phrasing
from strigil.core.registry import Registry, Unit


@dataclass(frozen=True)
class Written:
    """A completion as it goes into the row table, and what was done to it (`{"fences": "stripped"}`)."""

    text: str
    notes: dict[str, str] = field(default_factory=dict)


class Carrier(Unit, ABC):
    """A prompt set and how its completions are read.

    The same prompt set serves every teacher, so that rows pair by prompt. The prompt of an index depends on the
    carrier's arguments and the index alone: a prompt set that grows keeps its earlier prompts.

    Attributes:
        suite: The suite that audits this carrier where a recipe names none.
    """

    suite: ClassVar[str]

    @abstractmethod
    def prompt(self, index: int, *, phrasing: Phrasing) -> Messages:
        """The prompt of this index, without a system message, in words that the model knows."""

    def read(self, text: str) -> Written:
        """The completion as it is kept; a carrier that strips something says so in the notes."""
        return Written(text)


CARRIERS: Registry[Carrier] = Registry(
    "carrier",
    base=Carrier,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.builders.carriers",
    group="strigil.carriers",
)
