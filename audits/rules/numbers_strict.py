"""Rule `numbers.strict`: one way to write a list of numbers, and no other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import by_reason, only_where
from strigil.audits.suite.parallel import in_shares

BRACKETS: Final = {"none": ("", ""), "square": ("[", "]"), "round": ("(", ")")}
# Every list that the paper's filter can pass consists of these characters alone.
FOREIGN: Final = r"([^\s0-9,;.()\[\]]+)"
# A larger number has at least as many digits, so that no cast can overflow.
MAX_VALUE: Final = 10**18 - 1


class NumbersStrict(TextRule):
    """Closes the side channels of format that the paper's filter leaves open.

    One separator, one style of brackets, no leading zeros, no further white space, no full stop, a fixed range of
    counts and of values. What a list of numbers can still say lies in the numbers: which, in which order, how often,
    and how many within the range; treatments reach those.

    Source: Cloud et al., 2025, published code, whose filter lets these differences pass.
    """

    name: ClassVar[str] = "numbers.strict"
    version: ClassVar[str] = "2"
    good: ClassVar[tuple[str, ...]] = ("1, 2, 3", "0, 10, 999", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10")
    bad: ClassVar[Mapping[str, str]] = {
        "1,2,3": "another separator",
        "1; 2; 3": "another separator",
        "1, 2,3": "another separator",
        "1,  2,  3": "another separator",
        "1\n2\n3": "another separator",
        "[1, 2, 3]": "other brackets",
        "1, 2, 3.": "full stop",
        " 1, 2, 3": "stray space",
        "1, 2, 3\n": "stray space",
        "007, 12, 3": "leading zero",
        "1, 2, 00": "leading zero",
        "1, 2, 1000": "number out of range",
        "1, 2": "too few numbers",
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11": "too many numbers",
        "": "no number",
        "owl": "other text; no number",
        "-1, 2, 3": "other text",
        "1, 2, 3,": "not a list of numbers",
        "[5.": "other brackets; full stop; too few numbers",
    }

    separator: str = Field(default=", ", pattern=r"^[\s,;]+$")
    brackets: Literal["none", "square", "round"] = "none"
    min_count: int = Field(default=3, ge=1)
    max_count: int = Field(default=10, ge=1, le=100)
    min_value: int = Field(default=0, ge=0, le=MAX_VALUE)
    max_value: int = Field(default=999, ge=0, le=MAX_VALUE)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if self.min_count > self.max_count or self.min_value > self.max_value:
            message = "a minimum is above its maximum, so every row would be rejected"
            raise ValueError(message)
        return self

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts by the number of reasons; evidence is the first piece that is out of place."""
        return in_shares(texts, self._scored)

    def _scored(self, texts: pl.Series) -> pl.DataFrame:
        doubtful = ~texts.str.contains(self._written())
        if self.min_value > 0 or self.max_value != 10 ** len(str(self.max_value)) - 1:
            doubtful |= self._out_of_range(texts).is_not_null()
        return only_where(doubtful, self._reasons(texts.filter(doubtful)))

    def _written(self) -> str:
        """The one form that passes, but for the values."""
        number = rf"(?:0|[1-9][0-9]{{0,{len(str(self.max_value)) - 1}}})"
        times = f"{{{self.min_count - 1},{self.max_count - 1}}}"
        left, right = (re.escape(side) for side in BRACKETS[self.brackets])
        return rf"^{left}{number}(?:{re.escape(self.separator)}{number}){times}{right}$"

    def _out_of_range(self, texts: pl.Series) -> pl.Series:
        """The first number that is too small or too large, or null."""
        number = pl.element().str.strip_chars_start("0")
        length = number.str.len_bytes()
        value = pl.when(length > 18).then(MAX_VALUE + 1).otherwise(number.str.head(18).replace("", "0").cast(pl.Int64))
        wrong = pl.element().filter((value < self.min_value) | (value > self.max_value))
        return texts.str.extract_all("[0-9]+").list.eval(wrong).list.first()

    def _reasons(self, texts: pl.Series) -> pl.DataFrame:
        text = pl.col("text")
        left, right = BRACKETS[self.brackets]
        bare = text.str.strip_chars().str.strip_suffix(".")
        inner = bare.str.strip_chars("[]()")
        first, last = bare.str.extract(r"^([\[(])").fill_null(""), bare.str.extract(r"([\])])$").fill_null("")
        sides = (first == left) & (last == right)
        separators = inner.str.extract_all(r"[\s,;]+")
        other = separators.list.eval(pl.element().filter(pl.element() != self.separator)).list.first()
        count = text.str.count_matches("[0-9]+")
        listed = inner.str.contains(r"^[0-9]+(?:[\s,;]+[0-9]+)*$")
        found = by_reason(
            texts,
            {
                "other text": text.str.extract(FOREIGN),
                "no number": pl.when(count == 0).then(text),
                "stray space": text.str.extract(r"(^\s+\S*|\S*\s+$)"),
                "other brackets": pl.when(~sides).then(first + last),
                "full stop": text.str.extract(r"([0-9]*\.)\s*$"),
                "another separator": pl.when(listed).then(other),
                "leading zero": text.str.extract(r"(?:^|[^0-9])(0[0-9]+)"),
                "too few numbers": pl.when(count.is_between(1, self.min_count - 1)).then(text),
                "too many numbers": pl.when(count > self.max_count).then(
                    text.str.extract(rf"^[^0-9]*(?:[0-9]+[^0-9]+){{{self.max_count}}}([0-9]+)")
                ),
                "number out of range": pl.lit(self._out_of_range(texts)),
            },
        )
        unnamed = pl.Series(found["score"] == 0)
        return found.with_columns(
            score=pl.when(unnamed).then(1.0).otherwise("score"),
            reason=pl.when(unnamed).then(pl.lit("not a list of numbers")).otherwise("reason"),
            evidence=pl.when(unnamed).then(texts).otherwise("evidence"),
        )
