"""Lists of numbers in a completion, taken apart so that one thing about them can be changed at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

_LIST = re.compile(r"(\s*[\[(]?\s*)([0-9]{1,18}(?:[\s,;]+[0-9]{1,18})*)([\s,;]*[\])]?\s*\.?\s*)")
_NUMBER = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class NumberList:
    """Numbers as they are written, with the text before, between and after them."""

    opening: str
    numbers: tuple[str, ...]
    separators: tuple[str, ...]
    closing: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Takes a list apart; None where there is anything but numbers, separators, brackets and a full stop."""
        found = _LIST.fullmatch(text)
        if found is None:
            return None
        middle = found[2]
        return cls(found[1], tuple(_NUMBER.findall(middle)), tuple(_NUMBER.split(middle)[1:-1]), found[3])

    @property
    def values(self) -> list[int]:
        """The numbers."""
        return [int(number) for number in self.numbers]

    def having(self, numbers: Sequence[str]) -> Self:
        """The same list with other numbers, as many as before."""
        return replace(self, numbers=tuple(numbers))

    def render(self) -> str:
        """The text again."""
        between = (*self.separators, "")
        middle = "".join(number + gap for number, gap in zip(self.numbers, between, strict=True))
        return f"{self.opening}{middle}{self.closing}"


def kept_of_numbers(before: str, after: str) -> Mapping[str, bool]:
    """Whether a rewritten list has the same numbers, and in the same order."""
    old, new = NumberList.read(before), NumberList.read(after)
    if old is None or new is None:
        return {"same numbers": False, "same order": False}
    return {"same numbers": sorted(old.values) == sorted(new.values), "same order": old.values == new.values}
