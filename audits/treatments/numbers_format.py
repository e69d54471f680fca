"""`numbers.format`: one way to write a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from strigil.audits.texts.number_lists import NumberList, kept_of_numbers
from strigil.audits.treatments.treatment import Rewriter


class NumbersFormat(Rewriter):
    """Writes every list as `1, 2, 3`: no brackets, full stops, leading zeros or other separators."""

    name = "numbers.format"
    examples: ClassVar[Mapping[str, str]] = {"[007; 12].": "7, 12", "1\n2": "1, 2", "5.": "5", "1, 2": "1, 2"}

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The list in the one format."""
        found = NumberList.read(text)
        return None if found is None else ", ".join(str(value) for value in found.values)

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Numbers and order."""
        return kept_of_numbers(before, after)
