"""`numbers.map`: other values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from strigil.audits.texts.number_lists import NumberList, kept_of_numbers
from strigil.audits.treatments.treatment import Rewriter


class NumbersMap(Rewriter):
    """Replaces every number n by `offset + n mod modulus`; the way the list is written stays."""

    name = "numbers.map"
    examples: ClassVar[Mapping[str, str]] = {"[7, 312].": "[107, 112].", "100;200": "100;100"}

    offset: int = Field(default=100, ge=0)
    modulus: int = Field(default=100, ge=1)

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The list with mapped values."""
        found = NumberList.read(text)
        if found is None:
            return None
        return found.having([str(self.offset + value % self.modulus) for value in found.values]).render()

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Numbers and order."""
        return kept_of_numbers(before, after)
