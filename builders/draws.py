"""Choices that depend on a key alone, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """A few dozen choices of one key; much quicker to begin than a random generator, which serves thousands.

    Args:
        key: What they depend on, such as a seed and an index.
    """

    __slots__ = ("_left",)

    def __init__(self, key: str) -> None:
        self._left = int.from_bytes(blake2b(key.encode()).digest(), "big")

    def below(self, limit: int) -> int:
        """The next number, from 0 to less than the limit."""
        self._left, drawn = divmod(self._left, limit)
        return drawn

    def choice(self, items: Sequence[T]) -> T:
        """The next of these."""
        return items[self.below(len(items))]
