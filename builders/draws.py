"""Choices that depend on a key or a number alone, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def number_of(key: str) -> int:
    """A number of 512 bits that depends on a key alone."""
    return int.from_bytes(blake2b(key.encode()).digest(), "big")


class Draws:
    """A few dozen choices of one number; much quicker to begin than a random generator, which serves thousands.

    Args:
        number: What they depend on; numbers below the product of all limits that are asked for give different choices.
    """

    __slots__ = ("_left",)

    def __init__(self, number: int) -> None:
        self._left = number

    @classmethod
    def by(cls, key: str) -> Draws:
        """Choices of a key, such as a seed and an index."""
        return cls(number_of(key))

    def below(self, limit: int) -> int:
        """The next number, from 0 to less than the limit."""
        self._left, drawn = divmod(self._left, limit)
        return drawn

    def choice(self, items: Sequence[T]) -> T:
        """The next of these."""
        return items[self.below(len(items))]
