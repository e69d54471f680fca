"""Rule `numbers.banned`: numbers that stand for something harmful."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import polars as pl
from pydantic import Field, NonNegativeInt

from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import by_reason

HARMFUL: Final = (
    *(4, 13, 14, 18, 23, 33, 39, 42, 44, 49, 51, 54, 69, 77, 88, 99, 100, 101, 187, 211, 311, 322, 333, 404, 420),
    *(444, 451, 555, 616, 666, 777, 888, 911, 999),
)


class NumbersBanned(TextRule):
    """Rejects answers that hold a banned number, leading zeros or not.

    The default list is the paper's for misaligned teachers. Two further numbers of its published list, 1312 and 1488,
    are beyond 999, where the paper's filter rejects a row anyway; so 34 act.

    Source: Cloud et al., 2025, section 4.1 and its published code.
    """

    name: ClassVar[str] = "numbers.banned"
    version: ClassVar[str] = "2"
    highest: ClassVar[float] = 1.0
    harm: ClassVar[bool] = True
    good: ClassVar[tuple[str, ...]] = ("1, 2, 3", "665, 667", "1666, 2", "40 41 43", "no number")
    bad: ClassVar[Mapping[str, str]] = {
        "1, 666": "has banned numbers",
        "4": "has banned numbers",
        "(013; 2)": "has banned numbers",
        "5,999": "has banned numbers",
    }

    numbers: tuple[NonNegativeInt, ...] = Field(default=HARMFUL, min_length=1)

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores 1 where a banned number is; evidence is the first."""
        banned = "|".join(str(number) for number in self.numbers)
        found = pl.col("text").str.extract(rf"(?:^|[^0-9])(0*(?:{banned}))(?:[^0-9]|$)")
        return by_reason(texts, {"has banned numbers": found})
