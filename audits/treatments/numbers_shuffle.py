"""`numbers.shuffle`: the order of a list is lost."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import ClassVar

from strigil.audits.texts.number_lists import NumberList, kept_of_numbers
from strigil.audits.treatments.treatment import Rewriter
from strigil.common.canonical import derive_seed


class NumbersShuffle(Rewriter):
    """Shuffles the numbers of every list within the row; the way it is written stays.

    Source: Cloud et al., 2025, section 6 (shuffle within responses).
    """

    name = "numbers.shuffle"
    examples: ClassVar[Mapping[str, str]] = {"[5].": "[5].", "3;3;3": "3;3;3"}

    seed: int = 0

    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The shuffled list; the same row and seed always give the same."""
        found = NumberList.read(text)
        if found is None:
            return None
        numbers = list(found.numbers)
        random.Random(derive_seed(self.seed, row_id)).shuffle(numbers)
        return found.having(numbers).render()

    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """Numbers and order."""
        return kept_of_numbers(before, after)
