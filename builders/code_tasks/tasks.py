"""Every code task once, in an order of a seed's own: family by family from YAML, filled from a vocabulary.

A family, a choice or a thing more changes the order of all tasks, and so makes another set of prompts.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import prod
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from strigil.builders.code_tasks.grammar import Word
from strigil.builders.code_tasks.things import Choice, choice_of, vocabulary
from strigil.common.validation import packaged_folder

MOST: Final = 420
"""Tasks of one family at most, so that none is more than a fiftieth of the set."""

Level = Literal["one-liner", "function", "class", "files", "data", "web", "command-line", "tests", "program", "stub"]


class Family(BaseModel):
    """Tasks of one kind.

    Attributes:
        name: What it is called; it decides which tasks are taken where there are too many.
        tasks: Sentences with slots, of which each task takes one.
        slots: What can stand in each slot, or the name of a list of the vocabulary; a choice may name slots before it.
        stub: Code that is given, with slots.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    tasks: tuple[str, ...]
    slots: dict[str, str | tuple[str | dict[str, str], ...]]
    stub: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Level
    families: tuple[Family, ...]


@dataclass(frozen=True)
class Task:
    """A task in words, and the code that it gives to start from."""

    level: Level
    family: str
    text: str
    stub: str | None


@dataclass(frozen=True)
class _Filled:
    """A family with its choices, which of their combinations are taken, and the slots whose choices name others."""

    level: Level
    family: Family
    slots: dict[str, tuple[Choice, ...]]
    open: frozenset[str]
    taken: range | tuple[int, ...]

    def write(self, place: int) -> Task:
        number = self.taken[place]
        sentence = self.family.tasks[place % len(self.family.tasks)]
        words: dict[str, Choice] = {}
        for slot, choices in self.slots.items():
            number, choice = divmod(number, len(choices))
            chosen = choices[choice]
            words[slot] = _with(chosen, words) if slot in self.open else chosen
        stub = self.family.stub
        return Task(
            self.level,
            self.family.name,
            sentence.format(**words),
            None if stub is None else stub.format(**words).rstrip("\n"),
        )


class CodeTasks:
    """The tasks in the order of one seed."""

    def __init__(self, seed: int) -> None:
        self._families = _families()
        self._ends = list(accumulate(len(each.taken) for each in self._families))
        self._order = list(range(self._ends[-1]))
        random.Random(seed).shuffle(self._order)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._order)

    def __getitem__(self, index: int) -> Task:
        """The task of this index."""
        place = self._order[index]
        family = bisect_right(self._ends, place)
        return self._families[family].write(place - (self._ends[family - 1] if family else 0))


@cache
def code_tasks(seed: int) -> CodeTasks:
    """The tasks in the order of this seed."""
    return CodeTasks(seed)


@cache
def _families() -> tuple[_Filled, ...]:
    read = packaged_folder("strigil.builders.code_tasks", "families", _File)
    return tuple(_filled(family, file.level) for file in read for family in file.families)


def _filled(family: Family, level: Level) -> _Filled:
    slots = {
        slot: vocabulary()[given] if isinstance(given, str) else tuple(map(choice_of, given))
        for slot, given in family.slots.items()
    }
    size = prod(map(len, slots.values()))
    open_slots = frozenset(slot for slot, choices in slots.items() if any(map(_names_slots, choices)))
    return _Filled(level, family, slots, open_slots, _taken(family.name, size))


def _names_slots(choice: Choice) -> bool:
    return any("{" in text for text in (choice.values() if isinstance(choice, dict) else (choice,)))


def _taken(name: str, size: int) -> range | tuple[int, ...]:
    return range(size) if size <= MOST else tuple(random.Random(name).sample(range(size), MOST))


def _with(choice: Choice, words: dict[str, Choice]) -> Choice:
    """The choice, where it names slots with what stands there."""
    if isinstance(choice, dict):
        return {form: Word(text.format(**words)) for form, text in choice.items()}
    return Word(choice.format(**words))
