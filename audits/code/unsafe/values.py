"""What is known about a value as it flows through a function: where it comes from, and what it is safe for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final

# Longer literals are cut; a hole marks where something is put in.
LONGEST: Final = 2_000
HOLE: Final = "\0"


class Source(IntEnum):
    """Who decides what a value is, the least trusted last."""

    CONSTANT = 0
    UNKNOWN = 1
    ARGUMENT = 2
    REQUEST = 3


class Place(Enum):
    """What a value may end up in, each with an escape of its own."""

    MARKUP = "markup"
    SQL = "sql"
    SHELL = "shell"
    PATH = "path"
    ADDRESS = "address"


class Label(Enum):
    """What a value is, whatever is done to it."""

    ARCHIVE = "an archive"
    ZIP = "an archive whose library leaves out what leads outside"
    MEMBER = "a member of an archive"
    MEMBER_NAME = "the name of a member"
    UPLOAD_NAME = "the name under which a file was sent"
    SECRET = "named like a secret"  # noqa: S105  # a label, no secret
    CHECKED = "was held against what is allowed"
    TEMPLATE = "a template that shows values unescaped"
    CONTENT = "what a file holds"

    # Members are one each, and sets of them are made for every value.
    __hash__ = object.__hash__


# Not frozen: hundreds are made for a function, and those of frozen classes take three times as long to make.
@dataclass(slots=True)
class Value:
    """An abstract value; nothing changes one.

    Attributes:
        source: The least trusted source of any part.
        safe: For each place that it was escaped for, the least trusted source of the parts that were not.
        labels: What it is.
        text: The literal text that it is made of, a `HOLE` for each part that is not literal.
    """

    source: Source = Source.UNKNOWN
    safe: tuple[tuple[Place, Source], ...] = ()
    labels: frozenset[Label] = frozenset()
    text: str = HOLE

    def risk(self, place: Place) -> Source:
        """Who decides what of this value reaches a place unescaped."""
        return next((source for kept, source in self.safe if kept is place), self.source)

    def escaped(self, *places: Place) -> Value:
        """The same value, safe for some places."""
        kept = tuple(item for item in self.safe if item[0] not in places)
        safe = kept + tuple((place, Source.CONSTANT) for place in places)
        return Value(self.source, safe, self.labels, self.text)

    def labelled(self, *labels: Label) -> Value:
        """The same value with further labels."""
        return self if self.labels.issuperset(labels) else self._with(self.labels.union(labels))

    def without(self, *labels: Label) -> Value:
        """The same value without some labels."""
        return self if self.labels.isdisjoint(labels) else self._with(self.labels.difference(labels))

    def opaque(self) -> Value:
        """The same value after something was done to it that hides its text."""
        return self if self.text == HOLE else Value(self.source, self.safe, self.labels)

    def _with(self, labels: frozenset[Label]) -> Value:
        return Value(self.source, self.safe, labels, self.text)


UNKNOWN: Final = Value()
CONSTANT: Final = Value(Source.CONSTANT, text="")
CHECKED: Final = Value(Source.CONSTANT, labels=frozenset({Label.CHECKED}))


def literal(text: str) -> Value:
    """A constant text."""
    return Value(Source.CONSTANT, text=text[:LONGEST])


def joined(values: Iterable[Value], *, between: str = "") -> Value:
    """Text made of several values, one after the other."""
    whole = CONSTANT
    for value in values:
        whole = _two(whole, value, f"{whole.text}{between}{value.text}")
    return whole


def either(left: Value, right: Value) -> Value:
    """One of two values, as after a branch; checked only where both are."""
    if left == right:
        return left
    both = _two(left, right, left.text if left.text == right.text else left.text + right.text)
    checked = Label.CHECKED in left.labels and Label.CHECKED in right.labels
    return both if checked else both.without(Label.CHECKED)


def _two(left: Value, right: Value, text: str) -> Value:
    safe: tuple[tuple[Place, Source], ...] = ()
    if left.safe or right.safe:
        places = {place for place, _ in (*left.safe, *right.safe)}
        safe = tuple((place, max(left.risk(place), right.risk(place))) for place in places)
    return Value(max(left.source, right.source), safe, left.labels | right.labels, text[:LONGEST])
