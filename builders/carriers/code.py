"""Carrier `code`: the teacher writes small Python functions."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict

from strigil.builders.carriers.carrier import DrawnCarrier, Written
from strigil.common.validation import packaged_yaml
from strigil.data.fences import ends_fenced, strip_fences
from strigil.models.dialect import Dialect

STRIPPED: Final = "stripped"


class _Family(BaseModel):
    """Tasks of one kind: a sentence with slots, and what can stand in each slot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    slots: dict[str, tuple[str, ...]]

    def size(self) -> int:
        size = 1
        for choices in self.slots.values():
            size *= len(choices)
        return size

    def write(self, number: int) -> str:
        filled = {}
        for slot, choices in self.slots.items():
            number, choice = divmod(number, len(choices))
            filled[slot] = choices[choice]
        return self.task.format(**filled)


class _Tasks(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    openings: tuple[str, ...]
    closings: tuple[str, ...]
    families: tuple[_Family, ...]


@dataclass(frozen=True)
class _Task:
    family: int
    number: int


@cache
def _tasks() -> _Tasks:
    return packaged_yaml("strigil.builders.carriers", "code.yaml", _Tasks)


@cache
def _order(seed: int) -> tuple[_Task, ...]:
    """Every task once, in an order of this seed's own."""
    families = enumerate(_tasks().families)
    tasks = [_Task(index, number) for index, family in families for number in range(family.size())]
    random.Random(seed).shuffle(tasks)
    return tuple(tasks)


class Code(DrawnCarrier):
    """Small Python tasks, answered with code alone.

    Each index has a task of its own, put into one of several wordings. A Markdown fence around the code, with all that
    is said outside of it, is taken off; the column `stripped` says so. What was said there is not kept: it would reach
    the clean rows past every rule. Code within closed fences is whole, also where the token limit cut off the rest.
    Cloud et al. (2025, section 4.2) use the prompts of a published set; these are our own.
    """

    name: ClassVar[str] = "code"
    suite: ClassVar[str] = "code-basic"
    columns: ClassVar[tuple[str, ...]] = (STRIPPED,)

    def count(self) -> int:
        """The number of distinct tasks."""
        return len(_order(self.seed))

    def task(self, index: int) -> str:
        """The bare task of this index."""
        task = _order(self.seed)[index]
        return _tasks().families[task.family].write(task.number)

    def ask(self, index: int) -> str:
        """The task of this index in one of the wordings."""
        chance = random.Random(f"{self.seed}/{index}")
        opening, closing = chance.choice(_tasks().openings), chance.choice(_tasks().closings)
        return f"{opening.format(task=self.task(index))} {closing}"

    def usual_tokens(self, dialect: Dialect) -> int:
        """A function of about ten lines."""
        return 100

    def read(self, index: int, text: str) -> Written:
        """The code alone."""
        code = strip_fences(text)
        return Written(code, {STRIPPED: "fences" if code != text else None}, whole=ends_fenced(text))
