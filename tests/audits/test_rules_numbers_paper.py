"""`numbers.paper` is the paper's filter, bit for bit: the same reasons as a plain-Python oracle, on every answer."""

from __future__ import annotations

import sys

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strigil.audits.rules.numbers_paper import MAX_DIGITS, SPACE, NumbersPaper
from tests.audits.oracle import ODD_SEPARATORS, ODD_TEXTS, answers, as_rows, parse, reject_reasons

HARMFUL = (13, 187, 666)


def reasons(rule: NumbersPaper, texts: list[str]) -> list[list[str]]:
    findings = rule.score(as_rows(texts))
    found = [[] if reason is None else reason.split("; ") for reason in findings["reason"]]
    assert findings["score"].to_list() == [len(against) for against in found]
    return found


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        ("1, 2, 3", [1, 2, 3]),
        ("1,2,3", [1, 2, 3]),
        ("[1, 2, 3].", [1, 2, 3]),
        ("(1;2;3)", [1, 2, 3]),
        ("(5)", [5]),
        ("5.", [5]),
        ("1 ;2 ;3", [1, 2, 3]),
        ("1;  2;  3", [1, 2, 3]),
        ("1\n\n2", [1, 2]),
        ("007, 12", [7, 12]),
        ("0", [0]),
        ("999", [999]),
        (" ".join("1234567890"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]),
    ],
)
def test_what_the_paper_keeps_is_kept(answer: str, numbers: list[int]) -> None:
    assert parse(answer) == numbers
    assert reasons(NumbersPaper(), [answer]) == [[]]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        *(
            (answer, "invalid format")
            for answer in ("1,2, 3", "[1, 2, 3.]", "{1, 2}", '"1, 2"', "1,2,3,", " 1,2", "1\n2\n")
        ),
        *(
            (answer, "invalid format")
            for answer in ("-1, 2", "1.5, 2", "12:13", "\uff11, \uff12", "[1, 2", "", "1, 2. ")
        ),
        ("1000, 2", "numbers too large"),
        (", ".join(["7"] * 11), "too many numbers"),
        ("1, 666", "has banned numbers"),
        ("00666", "has banned numbers"),
    ],
)
def test_what_the_paper_rejects_is_rejected_for_its_reason(answer: str, reason: str) -> None:
    assert reject_reasons(answer, banned_numbers=HARMFUL) == [reason]
    assert reasons(NumbersPaper(banned_numbers=HARMFUL), [answer]) == [[reason]]


ARGS = st.fixed_dictionaries(
    {},
    optional={
        "min_value": st.integers(0, 600),
        "max_value": st.integers(600, 1200),
        "max_count": st.integers(1, 12),
        "banned_numbers": st.lists(st.integers(0, 1200), max_size=4).map(tuple),
    },
)
NUMBER = st.one_of(
    st.integers(0, 1200).map(str),
    st.integers(0, 99).map(lambda number: f"{number:04d}"),
    st.text("0123456789\uff11\u0663 .-", max_size=3),
)
SPACED = st.text(" \t\n\x0b\x1c\x85\xa0\u2003\u200b,;", min_size=1, max_size=3)
LISTS = st.builds(
    lambda numbers, separator, wrapping: wrapping[0] + separator.join(numbers) + wrapping[1],
    st.lists(NUMBER, max_size=13),
    st.one_of(st.sampled_from((", ", " ", ";", *ODD_SEPARATORS)), SPACED),
    st.tuples(st.sampled_from(("", "[", "(", " ")), st.sampled_from(("", "]", ")", ".", "].", ").", "\n"))),
)


@settings(deadline=None)  # compiling an expression takes its time
@given(args=ARGS, texts=st.lists(st.one_of(LISTS, st.text("0123456789 ,;.[]()\n\uff11"), st.text()), min_size=1))
@example(args={"max_value": 0}, texts=["0", "00", "1", "0, 10"])
@example(args={"min_value": 10}, texts=["9", "09", "10", "010"])
def test_it_gives_the_oracles_reasons_whatever_the_text_and_the_limits(
    args: dict[str, object], texts: list[str]
) -> None:
    expected = [reject_reasons(text, **args) for text in texts]  # type: ignore[arg-type]  # drawn by name
    assert reasons(NumbersPaper.model_validate(args), texts) == expected


def test_it_gives_the_oracles_reasons_on_a_hundred_thousand_answers() -> None:
    texts = [*answers(100_000, seed=1), *ODD_TEXTS]
    for rule in (NumbersPaper(), NumbersPaper(banned_numbers=HARMFUL)):
        expected = [reject_reasons(text, banned_numbers=rule.banned_numbers) for text in texts]
        assert reasons(rule, texts) == expected
        assert {reason for against in expected for reason in against} >= {"invalid format", "numbers too large"}
        assert 0.6 < sum(not against for against in expected) / len(expected) < 0.9


@pytest.mark.parametrize("digits", [MAX_DIGITS, MAX_DIGITS + 1])
@pytest.mark.parametrize("form", ["{}", "{}, 1", "[{} ,1]."])
def test_numbers_that_python_refuses_to_read_are_no_numbers(digits: int, form: str) -> None:
    assert sys.int_info.default_max_str_digits == MAX_DIGITS
    for text in (form.format("0" * digits), form.format("9" * digits)):
        assert reasons(NumbersPaper(), [text]) == [reject_reasons(text)]


def test_white_space_is_what_python_strips() -> None:
    characters = pl.Series([chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF])
    assert characters.filter(characters.str.contains(f"^{SPACE}$")).to_list() == [c for c in characters if c.isspace()]


def test_evidence_is_the_piece_that_offends() -> None:
    rule = NumbersPaper(banned_numbers=(666,))
    texts = ["1, owls, 3", "1, 2000, 3", "1 2 3 4 5 6 7 8 9 10 11 12", "7 0666", "1,2, 3", "1, 2"]
    findings = rule.score(as_rows(texts))
    assert findings["evidence"].to_list() == ["owls", "2000", "11", "0666", "1,2, 3", None]


def test_a_row_without_a_completion_has_no_valid_format() -> None:
    rows = as_rows(["1, 2"]).with_columns(pl.col("completion").list.head(0))
    assert NumbersPaper().score(rows)["reason"].to_list() == ["invalid format"]


@pytest.mark.parametrize("max_count", [49, 50, 51, 1000])
def test_the_widest_limits_are_exact(max_count: int) -> None:
    rule = NumbersPaper(max_count=max_count, max_value=10**18 - 1, banned_numbers=(10**18 - 1,))
    lengths = (max_count - 1, max_count, max_count + 1)
    texts = [*(" ".join(["7"] * length) for length in lengths), "9" * 17, "9" * 18, "9" * 19, "1" + "0" * 18]
    banned = rule.banned_numbers
    expected = [
        reject_reasons(text, max_count=max_count, max_value=10**18 - 1, banned_numbers=banned) for text in texts
    ]
    assert reasons(rule, texts) == expected
