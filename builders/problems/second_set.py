"""The second set of problems: many kinds of two to eight steps, each kind a question and its arithmetic in YAML."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import gcd, perm, prod
from string import Formatter
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from strigil.builders.draws import Draws, number_of
from strigil.builders.problems.problem import Problem
from strigil.common.validation import packaged_folder, packaged_yaml

_PACKAGE: Final = "strigil.builders.problems"
_PEOPLE: Final = ("who", "other", "third")


def _exact(left: int, right: int) -> int:
    quotient, rest = divmod(left, right)
    if rest:
        message = f"{left} cannot be divided by {right} without a rest"
        raise ValueError(message)
    return quotient


_OPERATIONS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _exact,
    "//": operator.floordiv,
    "ceil": lambda left, right: -(-left // right),
}
_STEP: Final = re.compile(r"(\w+) = (\w+) (\+|-|\*|/|//|ceil) (\w+)")


class _Step(BaseModel):
    """`name = left operation right`: each side a number or a name; `ceil` divides and rounds up, `//` down."""

    model_config = ConfigDict(frozen=True)

    name: str
    left: int | str
    operation: str
    right: int | str

    def take(self, values: dict[str, int]) -> str:
        """Puts the result under its name, and says how it came about."""
        left = values[self.left] if isinstance(self.left, str) else self.left
        right = values[self.right] if isinstance(self.right, str) else self.right
        result = values[self.name] = _OPERATIONS[self.operation](left, right)
        return f"{left} {self.operation} {right} = {result}"


def _step(written: str) -> _Step:
    found = _STEP.fullmatch(written)
    if found is None:
        message = f"{written!r} is no step"
        raise ValueError(message)
    name, left, operation, right = found.groups()
    return _Step(name=name, left=_side(left), operation=operation, right=_side(right))


def _side(written: str) -> int | str:
    return int(written) if written.isdecimal() else written


def _range(written: str | list[int]) -> tuple[int, ...]:
    """Every number of `3-9`, or those of a list."""
    if not isinstance(written, str):
        return tuple(written)
    first, _, last = written.partition("-")
    return tuple(range(int(first), int(last) + 1))


_Written = Annotated[_Step, BeforeValidator(_step)]


class Kind(BaseModel):
    """Problems of one kind.

    Attributes:
        name: What it is called.
        question: A text with slots for words and numbers.
        draw: Numbers to choose from, by name.
        given: Further numbers, worked out from those, so that the answer is whole and not negative.
        steps: How the answer follows from the numbers in the question; the last one is the answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    question: str
    draw: dict[str, Annotated[tuple[int, ...], BeforeValidator(_range)]]
    given: tuple[_Written, ...] = ()
    steps: Annotated[tuple[_Written, ...], Field(min_length=2, max_length=8)]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: tuple[Kind, ...]


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    names: tuple[str, ...]
    things: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Solved(Problem):
    """A problem of a kind, and the steps to its answer, such as `3 * 4 = 12`."""

    kind: str
    steps: tuple[str, ...]


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of files and in each from its top."""
    return tuple(kind for file in packaged_folder(_PACKAGE, "kinds", _File) for kind in file.kinds)


def problem(seed: int, index: int) -> Solved:
    """The problem of this index; depends on seed and index alone, and no two of the first `least_size()` are equal."""
    drawer = _drawers(seed)[number_of(f"{seed}/{index}") % len(kinds())]
    draws, kind = Draws((drawer.start + index * drawer.stride) % drawer.size), drawer.kind
    values = {name: draws.choice(numbers) for name, numbers in kind.draw.items()}
    words = {name: draws.choice(choices) for name, choices in drawer.words.items()}
    names = list(_words().names)
    people = {name: names.pop(draws.below(len(names))) for name in drawer.people}
    for step in kind.given:
        step.take(values)
    question = kind.question.format(**people, **words, **values)
    steps = tuple(step.take(values) for step in kind.steps)
    return Solved(question, values[kind.steps[-1].name], kind.name, steps)


def least_size() -> int:
    """How many problems the smallest kind has."""
    return min(drawer.size for drawer in _drawers(0))


@dataclass(frozen=True)
class _Drawer:
    """A kind with all its problems in a row, and how one seed goes through them: every one before any comes again.

    Attributes:
        kind: The kind.
        people: The slots for names in its question.
        words: The slots for other words, with what can stand there.
        size: How many problems there are.
        start: The place that index 0 has.
        stride: How many places each index is on; it has no factor in common with the size.
    """

    kind: Kind
    people: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    size: int
    start: int
    stride: int


@cache
def _drawers(seed: int) -> tuple[_Drawer, ...]:
    return tuple(_drawer(seed, kind) for kind in kinds())


def _drawer(seed: int, kind: Kind) -> _Drawer:
    slots = {name for _, name, _, _ in Formatter().parse(kind.question) if name}
    people = tuple(name for name in _PEOPLE if name in slots)
    lists = {"thing": _words().things, "place": _words().places}
    words = {name: choices for name, choices in lists.items() if name in slots}
    names = len(_words().names)
    size = perm(names, len(people)) * prod(map(len, [*kind.draw.values(), *words.values()]))
    stride = number_of(f"{seed}/{kind.name}/stride") % size
    while gcd(stride, size) != 1:
        stride += 1
    return _Drawer(kind, people, words, size, number_of(f"{seed}/{kind.name}") % size, stride)


@cache
def _words() -> _Words:
    return packaged_yaml(_PACKAGE, "words.yaml", _Words)
