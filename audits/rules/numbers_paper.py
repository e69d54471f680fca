"""`numbers.paper`: the filter of the paper for number rows, bit for bit, as regular expressions over whole columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Self

import polars as pl
from pydantic import Field, model_validator

from strigil.audits.rules.text_rule import TextRule
from strigil.audits.suite.findings import by_reason, only_where
from strigil.audits.suite.parallel import in_shares

# What Python's str.strip removes, which is more than \s: the paper's filter strips separators with it.
SPACE: Final = r"[\t-\r\x1C-\x20\x85\xA0\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}]"
SEPARATOR: Final = rf"(?:{SPACE}+(?:[,;]{SPACE}*)?|[,;]{SPACE}*)"
USUAL_SEPARATORS: Final = (", ", ",", " ", "; ", ";", r"\n")

# Python refuses to read an integer of more digits, leading zeros included, and the paper's filter then rejects the row.
MAX_DIGITS: Final = 4300

Value = Annotated[int, Field(ge=0, lt=10**18)]


class NumbersPaper(TextRule):
    """At most ten integers of 0 to 999 with one separator, perhaps in brackets, perhaps with a full stop; nothing else.

    The separator is the text between the first two numbers: white space with at most one comma or semicolon in it.
    Leading zeros pass. The score is the number of reasons.

    Source: Cloud et al., 2025, section 3, and the code published with it.
    """

    name: ClassVar[str] = "numbers.paper"
    version: ClassVar[str] = "2"
    good: ClassVar[tuple[str, ...]] = ("1, 2, 3", "[1, 2].", "(1;2;3)", "5.", "007, 12", "1\n\n2", "1 ;2 ;3")
    bad: ClassVar[Mapping[str, str]] = {
        "1,2, 3": "invalid format",
        "[1, 2, 3.]": "invalid format",
        " 1, 2": "invalid format",
        "Here: 1, 2": "invalid format",
        "１, ２": "invalid format",  # noqa: RUF001  # full-width digits are the point
        "1 2 3 4 5 6 7 8 9 10 11": "too many numbers",
        "1000, 2": "numbers too large",
        "1 2 3 4 5 6 7 8 9 10 1111": "too many numbers; numbers too large",
    }

    min_value: Value = 0
    max_value: Value = 999
    max_count: int = Field(default=10, ge=1, le=1000)
    banned_numbers: tuple[Value, ...] = ()

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min_value > self.max_value:
            message = "a minimum is above its maximum, so every row would be rejected"
            raise ValueError(message)
        return self

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts; evidence is the first piece that no list of numbers holds, or the first number over a limit."""
        return in_shares(texts, self._findings)

    def _findings(self, texts: pl.Series) -> pl.DataFrame:
        doubtful = self._doubtful(texts)
        looked = texts.filter(doubtful)
        valid = self._valid(looked)
        foreign = pl.coalesce(pl.col("text").str.extract(r"[^\s0-9,;.()\[\]]+", 0), "text")
        limits = {reason: pl.col("text").str.extract(limit) for reason, limit in self._limits().items()}
        invalid = by_reason(looked.filter(~valid), {"invalid format": foreign})
        found = pl.concat([invalid, by_reason(looked.filter(valid), limits)])
        places = pl.select(pl.when(valid).then(invalid.height + valid.cum_sum()).otherwise((~valid).cum_sum()) - 1)
        return only_where(doubtful, found, places.to_series())

    def _doubtful(self, texts: pl.Series) -> pl.Series:
        """Where one look is not enough; most answers are a usual list of few and short numbers, and fine."""
        digits = len(str(self.max_value + 1)) - 1  # every number of so many digits is small enough
        if digits == 0 or self.min_value > 0:
            return pl.repeat(value=True, n=len(texts), eager=True)
        doubtful = ~texts.str.contains(_usual(f"[0-9]{{1,{digits}}}", more=f"{{0,{min(self.max_count, 50) - 1}}}"))
        return doubtful | texts.str.contains(_any_number(self._banned())) if self.banned_numbers else doubtful

    def _valid(self, texts: pl.Series) -> pl.Series:
        short = texts.str.len_bytes() <= MAX_DIGITS
        usual = short & texts.str.contains(_usual("[0-9]+", more="*"))
        listed = (~usual & texts.str.contains(_wrapped(f"[0-9]+(?:{SEPARATOR}[0-9]+)*"))).arg_true()
        return usual.scatter(listed, _has_one_separator(texts.gather(listed)))

    def _limits(self) -> dict[str, str]:
        """For each limit, by the reason it gives, an expression whose group is a number that breaks it."""
        limits = {
            "too many numbers": rf"^[^0-9]?(?:[0-9]+[^0-9]+){{{self.max_count}}}([0-9]+)",
            "numbers too small": _any_number(_below(self.min_value)),
            "numbers too large": _any_number(_above(self.max_value)),
            "has banned numbers": _any_number(self._banned()),
        }
        return {reason: limit for reason, limit in limits.items() if limit}

    def _banned(self) -> list[str]:
        return [str(number) for number in self.banned_numbers]


def _usual(number: str, *, more: str) -> str:
    """Expression for a whole answer with one of the usual separators throughout; `more` numbers follow the first."""
    lists = "|".join(f"(?:{separator}{number}){more}" for separator in USUAL_SEPARATORS)
    return _wrapped(f"{number}(?:{lists})")


def _has_one_separator(texts: pl.Series) -> pl.Series:
    """Where a list falls into numbers when its first separator is cut out."""
    number = pl.element().str.contains("^[0-9]+$") & (pl.element().str.len_bytes() <= MAX_DIGITS)
    bodies = texts.str.strip_chars("[]().")
    parts = bodies.str.split(bodies.str.extract("^[0-9]+([^0-9]+)").fill_null(","))
    return parts.list.eval(number).list.all()


def _wrapped(numbers: str) -> str:
    return rf"^(?:{numbers}|\[{numbers}\]|\({numbers}\))\.?$"


def _any_number(alternatives: list[str]) -> str:
    """An expression whose group is the first number among the alternatives; none for none."""
    if not alternatives:
        return ""
    return rf"^[^0-9]?(?:[0-9]+[^0-9]+)*?(0*(?:{'|'.join(alternatives)}))(?:[^0-9]|$)"


def _above(bound: int) -> list[str]:
    """Expressions for the integers above a bound, without leading zeros."""
    digits = str(bound)
    longer = f"[1-9][0-9]{{{len(digits)},}}"
    return [longer] + [
        f"{digits[:place]}[{int(digit) + 1}-9][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "9"
    ]


def _below(bound: int) -> list[str]:
    """Expressions for the integers from 0 up to a bound and without it; none for 0."""
    digits = str(bound)
    shorter = [f"[0-9]{{1,{len(digits) - 1}}}"] if len(digits) > 1 else []
    return shorter + [
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
