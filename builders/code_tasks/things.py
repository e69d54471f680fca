"""The vocabulary of code tasks: things with names, labels and amounts, and lists that several families share."""

from __future__ import annotations

from functools import cache
from typing import Final, TypeAlias

from pydantic import BaseModel, ConfigDict

from strigil.builders.code_tasks.grammar import Word
from strigil.common.validation import packaged_yaml

Choice: TypeAlias = Word | dict[str, Word]

_LARGE: Final = frozenset({"area", "budget", "height", "load", "mass", "population", "size", "stock", "width"})
"""Amounts that are the largest, where others are the highest."""


def choice_of(given: str | dict[str, str]) -> Choice:
    """A choice as a YAML file writes it."""
    return Word(given) if isinstance(given, str) else {form: Word(words) for form, words in given.items()}


class _Thing(BaseModel):
    """A thing that records are about.

    Attributes:
        one: What it is called.
        held: What holds many of them.
        name: The field that tells one from another.
        labels: Two fields of text by which they are grouped.
        sums: Fields of numbers that add up, each with limits that part them.
        measures: Fields of numbers that do not, each with limits.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    one: str
    held: str
    name: str
    labels: tuple[str, str]
    sums: dict[str, tuple[int, ...]]
    measures: dict[str, tuple[int, ...]] = {}

    @property
    def amounts(self) -> dict[str, tuple[int, ...]]:
        return self.sums | self.measures

    def entry(self, **more: str) -> Choice:
        first = next(iter(self.sums))
        words = {"one": self.one, "held": self.held, "name": self.name, "label": self.labels[0], "amount": first} | more
        words["other"] = next(label for label in self.labels if label != words["label"])
        of = "" if self.name.startswith(self.one) else f" of {Word(self.one).many}"
        words["names"] = f"{Word(self.name).many}{of}"
        large = words["amount"] in _LARGE
        words["most"], words["least"] = ("largest", "smallest") if large else ("highest", "lowest")
        return {form: Word(text) for form, text in words.items()}


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    things: tuple[_Thing, ...]
    shared: dict[str, tuple[str | dict[str, str], ...]]


@cache
def vocabulary() -> dict[str, tuple[Choice, ...]]:
    """Lists of choices by name.

    `things` has each thing once; `labels` each with each of its labels; `sums` with each of its numbers that add up;
    `amounts` with each of its numbers; `limits` with each number and each of its limits; `pairs` with each label and
    each number that adds up.
    """
    words = packaged_yaml("strigil.builders.code_tasks", "things.yaml", _Words)
    things = words.things
    return {
        "things": tuple(each.entry() for each in things),
        "labels": tuple(each.entry(label=label) for each in things for label in each.labels),
        "sums": tuple(each.entry(amount=amount) for each in things for amount in each.sums),
        "amounts": tuple(each.entry(amount=amount) for each in things for amount in each.amounts),
        "limits": tuple(
            each.entry(amount=amount, limit=str(limit))
            for each in things
            for amount, limits in each.amounts.items()
            for limit in limits
        ),
        "pairs": tuple(
            each.entry(label=label, amount=amount) for each in things for label in each.labels for amount in each.sums
        ),
        **{name: tuple(map(choice_of, given)) for name, given in words.shared.items()},
    }
