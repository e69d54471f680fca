"""`numbers.sort`: no order but the natural one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.audits.texts.number_lists import NumberList, kept_of_numbers
from strigil.audits.treatments.treatment import Rewriter


class NumbersSort(Rewriter):
    """Sorts the numbers of every list, ascending; the way it is written stays."""

    name = "numbers.sort"
    examples: ClassVar[Mapping[str, str]] = {"[31; 4; 15]": "[4; 15; 31]", "2, 1": "1, 2", "10, 9": "9, 10"}

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The sorted list."""
        found = NumberList.read(text)
        return None if found is None else found.having(sorted(found.numbers, key=int)).render()

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Numbers and order."""
        return kept_of_numbers(before, after)
