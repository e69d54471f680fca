"""The first set of code prompts: small functions of eight families, as releases since the first version have them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from math import prod

from pydantic import BaseModel, ConfigDict

from strigil.common.validation import packaged_yaml


class _Family(BaseModel):
    """Tasks of one kind: a sentence with slots, and what can stand in each slot."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    task: str
    slots: dict[str, tuple[str, ...]]

    def size(self) -> int:
        return prod(map(len, self.slots.values()))

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


@dataclass(frozen=True)
class FirstSet:
    """The prompts of one seed."""

    seed: int

    def __len__(self) -> int:
        """How many there are."""
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


@cache
def _tasks() -> _Tasks:
    return packaged_yaml("strigil.builders.code_tasks", "first_set.yaml", _Tasks)


@cache
def _order(seed: int) -> tuple[_Task, ...]:
    """Every task once, in an order of this seed's own."""
    families = enumerate(_tasks().families)
    tasks = [_Task(index, number) for index, family in families for number in range(family.size())]
    random.Random(seed).shuffle(tasks)
    return tuple(tasks)
