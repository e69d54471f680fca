"""`numbers.strict` and `numbers.banned` against oracles in plain Python."""

from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.rules.numbers_banned import HARMFUL
from strigil.audits.rules.rule import RULES
from strigil.common.errors import ConfigError
from tests.audits.tables import rows_of

PIECES = ["0", "7", "007", "42", "999", "1000", "12345678901234567890", ", ", ",", " ", ";", "; ", "\n", "[", "]", "("]
PIECES += [")", ".", "-", "x", "１", "\t", "\u00a0"]  # noqa: RUF001  # full-width digits are the point
ANSWERS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=24).map("".join),
    st.lists(st.integers(0, 1100).map(str), min_size=1, max_size=12).map(", ".join),
    st.lists(st.integers(0, 999).map(str), min_size=3, max_size=10).map(lambda numbers: f"[{'; '.join(numbers)}]"),
)


def _passes(text: str, *, separator: str, brackets: str, counts: range, values: range) -> bool:
    left, right = {"none": ("", ""), "square": ("[", "]"), "round": ("(", ")")}[brackets]
    if not (text.startswith(left) and text.endswith(right) and len(text) >= len(left + right)):
        return False
    parts = text[len(left) : len(text) - len(right)].split(separator)
    plain = all(part.isascii() and part.isdecimal() and str(int(part)) == part for part in parts)
    return plain and len(parts) in counts and all(int(part) in values for part in parts)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(ANSWERS, min_size=1, max_size=40),
    separator=st.sampled_from([", ", ",", " ", "; ", "\n"]),
    brackets=st.sampled_from(["none", "square", "round"]),
    least=st.integers(1, 4),
    most=st.integers(4, 11),
    low=st.sampled_from([0, 1, 50]),
    high=st.sampled_from([99, 500, 999, 10**18 - 1]),
)
def test_strict_keeps_exactly_what_its_description_says(
    texts: list[str], separator: str, brackets: str, least: int, most: int, low: int, high: int
) -> None:
    args = {"separator": separator, "brackets": brackets, "min_count": least, "max_count": most}
    rule = RULES.create("numbers.strict", {**args, "min_value": low, "max_value": high})
    findings = rule.score(rows_of(texts))
    counts, values = range(least, most + 1), range(low, high + 1)
    expected = [_passes(text, separator=separator, brackets=brackets, counts=counts, values=values) for text in texts]
    assert (findings["score"] < 1).to_list() == expected
    assert findings["reason"].is_null().to_list() == expected


@pytest.mark.parametrize(
    "args",
    [{"min_count": 5, "max_count": 4}, {"min_value": 9, "max_value": 8}, {"separator": "x"}, {"brackets": "curly"}],
)
def test_strict_refuses_contradicting_arguments(args: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"numbers\.strict"):
        RULES.create("numbers.strict", args)


def test_the_papers_list_has_34_numbers_within_its_range() -> None:
    assert len(set(HARMFUL)) == len(HARMFUL) == 34
    assert max(HARMFUL) <= 999


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(ANSWERS, min_size=1, max_size=40), banned=st.lists(st.integers(0, 50), min_size=1, max_size=5))
def test_banned_numbers_are_found_as_numbers_not_as_text(texts: list[str], banned: list[int]) -> None:
    findings = RULES.create("numbers.banned", {"numbers": banned}).score(rows_of(texts))
    found = [[number for number in re.findall("[0-9]+", text) if int(number) in banned] for text in texts]
    assert findings["score"].to_list() == [float(bool(numbers)) for numbers in found]
    assert findings["evidence"].to_list() == [numbers[0] if numbers else None for numbers in found]


def test_a_row_without_text_is_no_list_of_numbers() -> None:
    rows = rows_of(["1, 2, 3"]).with_columns(completion=pl.lit(None, dtype=rows_of([]).schema["completion"]))
    assert RULES.create("numbers.strict").score(rows)["reason"].to_list() == ["no number"]
