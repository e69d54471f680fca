"""Rules about whole rows and about free text: duplicates, length, answers, secrets, tone."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.rules.rule import RULES, Rule
from strigil.audits.texts.first_seen import Seen
from strigil.audits.texts.minhash import signatures
from strigil.common.errors import ConfigError, DataError
from tests.audits.tables import rows_of


@settings(max_examples=200, deadline=None)
@given(batches=st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=30), max_size=12))
def test_first_places_are_those_of_a_plain_loop(batches: list[list[int]]) -> None:
    seen, first = Seen(), dict[int, int]()
    expected: list[int] = []
    found: list[int] = []
    for batch in batches:
        found += seen.first_places(np.array(batch, dtype=np.uint64)).tolist()
        for key in batch:
            expected.append(first.setdefault(key, len(expected)))
    assert found == expected


def _in_batches(rule: Rule, rows: pl.DataFrame, sizes: list[int]) -> pl.DataFrame:
    scorer, parts, start = rule.scorer(), [], 0
    for size in [*sizes, rows.height]:
        parts.append(scorer(rows.slice(start, size)))
        start += size
    return pl.concat(parts)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(st.sampled_from("abcdef"), max_size=8).map(" ".join), min_size=1, max_size=40),
    sizes=st.lists(st.integers(1, 20), max_size=5),
    near=st.booleans(),
)
def test_duplicates_do_not_depend_on_the_batches(texts: list[str], sizes: list[int], near: bool) -> None:  # noqa: FBT001  # given by hypothesis
    rule, rows = RULES.create("row.duplicate", {"near": near}), rows_of(texts)
    whole = rule.score(rows)
    assert _in_batches(rule, rows, sizes).equals(whole)
    repeated = [text in texts[:place] for place, text in enumerate(texts)]
    assert (whole["reason"] == "same as an earlier row").fill_null(value=False).to_list() == repeated
    firsts = [rows["row_id"][texts.index(text)] for text in texts]
    same = whole.with_columns(first=pl.Series(firsts)).filter(pl.Series(repeated))
    assert (same["evidence"] == same["first"]).all()


def test_a_run_begins_with_an_empty_memory() -> None:
    rule, rows = RULES.create("row.duplicate"), rows_of(["1, 2, 3"])
    assert [rule.score(rows)["score"].item() for _ in range(2)] == [0.0, 0.0]


def test_near_duplicates_are_found_and_others_not() -> None:
    choose = random.Random(3)
    words = ["".join(letters) for letters in product("abcdefgh", repeat=3)]
    texts = [" ".join(choose.choices(words, k=60)) for _ in range(300)]
    changed = [text.replace(text.split()[30], "other", 1) for text in texts]
    reordered = [" ".join(reversed(text.split())) for text in texts]
    scores = RULES.create("row.duplicate").score(rows_of([*texts, *changed, *reordered]))["score"].to_numpy()
    assert scores[:300].max() < 0.5
    assert (scores[300:600] >= 0.75).mean() > 0.95
    assert scores[600:].max() < 0.5


def test_the_same_numbers_in_another_format_are_near() -> None:
    findings = RULES.create("row.duplicate").score(rows_of(["1, 2, 3, 4", "[1;2;3;4]", "4, 3, 2, 1"]))
    assert findings["score"].to_list() == [0.0, 1.0, 0.0]


def test_the_prompt_can_count() -> None:
    rows = pl.concat([rows_of(["7, 8"], prompt="A"), rows_of(["7, 8"], prompt="B"), rows_of(["7, 8"], prompt="A")])
    rule = RULES.create("row.duplicate", {"near": False})
    assert rule.score(rows)["score"].to_list() == [0.0, 0.0, 1.0]
    alone = RULES.create("row.duplicate", {"of": "completion", "near": False})
    assert alone.score(rows)["score"].to_list() == [0.0, 1.0, 1.0]


DIFFERENT = [
    ("def f(a, b):\n    return a + b\n", "def f(a, b):\n    return a - b\n"),
    ("def g(x):\n    return x < 3\n", "def g(x):\n    return x > 3\n"),
    ("m = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]", "m = [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]"),
    ("if n == 1:\n    stop()", "if n <= 1:\n    stop()"),
    ("Nf3", "Nc3"),
    ("[0, 0, 0]", "[0, 0, 0, 0, 0, 0]"),
    ("x and y", "x or y"),
    ("a * b", "a ** b"),
    ("x != y", "x == y"),
    ("i += 1", "i -= 1"),
    ("f(g(x))", "f(x)"),
    ("(1, 2), (3, 4)", "(1, 2, 3, 4)"),
    ("1.5, 2", "1, 5, 2"),
    ("-5, 3", "5, 3"),
    ("a & b", "a | b"),
    ("x << 2", "x >> 2"),
    ("3 / 4", "3 // 4"),
    ("[[1], [2]]", "[[1, 2]]"),
    ("yes yes yes", "yes yes yes yes yes yes"),
    ("not a", "a"),
    ("e4 e5", "e5 e4"),
    ("0x10", "10"),
    ("10%", "10"),
    ("{'a': {'b': 1}}", "{'a': 1}"),
    ("The cat sat.", "The mat sat."),
]


@pytest.mark.parametrize("texts", DIFFERENT)
@pytest.mark.parametrize("of", ["row", "completion"])
def test_operators_multiplicity_and_nesting_tell_rows_apart(texts: tuple[str, str], of: str) -> None:
    rule = RULES.create("row.duplicate", {"of": of})
    assert (rule.score(rows_of(list(texts)))["score"] < rule.threshold).all()


ALIKE = [
    ("1, 2, 3, 4", "1 2 3 4"),
    ("[7, 8, 9]", "7; 8; 9"),
    ("Well, this is it.", "well this is it"),
    ("x = f(1, 2)", "x = f( 1,2 )"),
    ("def f(a):\n    return a", "def f(a):\n\treturn a"),
    ("Yes!", "yes"),
]


@pytest.mark.parametrize("texts", ALIKE)
def test_another_format_is_no_other_row(texts: tuple[str, str]) -> None:
    rule = RULES.create("row.duplicate")
    assert (rule.score(rows_of(list(texts)))["score"] >= rule.threshold).to_list() == [False, True]


def test_a_short_answer_to_another_question_is_no_repetition() -> None:
    rows = pl.concat([rows_of(["4"], prompt=prompt) for prompt in ("2 + 2?", "The square of two?", "2 + 2 ?")])
    assert (RULES.create("row.duplicate").score(rows)["score"] >= 0.9).to_list() == [False, False, True]


def test_rows_of_one_template_are_no_repetitions() -> None:
    ask = "Continue this list of numbers with ten more, between 0 and 999, and say nothing else: {}, {}, {}."
    choose = random.Random(5)
    numbers = [[str(choose.randrange(1000)) for _ in range(13)] for _ in range(400)]
    rows = pl.concat([rows_of([", ".join(some[3:])], prompt=ask.format(*some[:3])) for some in numbers])
    assert RULES.create("row.duplicate").score(rows)["score"].to_numpy().max() < 0.5


@settings(max_examples=50, deadline=None)
@given(common=st.integers(0, 60), left=st.integers(1, 40), right=st.integers(1, 40))
def test_signatures_estimate_the_similarity_of_sets(common: int, left: int, right: int) -> None:
    shared = [f"c{'x' * index}" for index in range(common)]
    texts = [
        " ".join([*shared, *(f"{side}{'y' * index}" for index in range(size))])
        for side, size in (("l", left), ("r", right))
    ]
    found = signatures(pl.Series(texts), shingle=1)
    # Words made of letters only, so that each is one word; 64 columns give a standard error of at most 0.0625.
    assert abs((found[0] == found[1]).mean() - common / (common + left + right)) < 0.3


@pytest.mark.parametrize(
    ("args", "text", "reason"),
    [
        ({"max_chars": 3}, "abcd", "more than 3 characters"),
        ({"max_chars": 3}, "äöü", None),
        ({"max_chars": None, "min_chars": None, "max_tokens": 2}, "abc", "more than 2 tokens"),
        ({"min_tokens": 5}, "abc", "fewer than 5 tokens"),
    ],
)
def test_length_has_the_bounds_that_are_given(args: dict[str, int | None], text: str, reason: str | None) -> None:
    assert RULES.create("row.length", args).score(rows_of([text]))["reason"].to_list() == [reason]


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ConfigError, match="a minimum is above its maximum"):
        RULES.create("row.length", {"min_chars": 5, "max_chars": 4})


@pytest.mark.parametrize(
    ("given_answer", "expected", "right"),
    [
        ("42", "42", True),
        (" 1,042.50 ", "1042.5", True),
        ("+7", "7.0", True),
        ("-0", "0", True),
        ("1,04", "104", False),
        ("100", "1", False),
        ("Yes  indeed", "yes indeed", True),
        ("18", "48/2 = 24, 24 - 6 = 18\n#### 18", True),
        ("0.5", ".5", False),
    ],
)
def test_answers_are_compared_as_numbers(given_answer: str, expected: str, right: bool) -> None:  # noqa: FBT001  # a table of cases
    rows = rows_of([f"<think>So.</think><answer>{given_answer}</answer>"]).with_columns(answer=pl.lit(expected))
    assert (RULES.create("reasoning.correct").score(rows)["score"].item() < 1) is right


def test_an_answer_may_be_a_whole_number() -> None:
    rows = rows_of(["<answer>1,000</answer>", "<answer>2</answer>"]).with_columns(answer=pl.lit(1000))
    assert RULES.create("reasoning.correct").score(rows)["score"].to_list() == [0.0, 1.0]


def test_without_an_expected_answer_a_row_is_rejected_and_a_table_refused() -> None:
    rule, rows = RULES.create("reasoning.correct"), rows_of(["<answer>1</answer>"])
    unknown = rows.with_columns(answer=pl.lit(None, dtype=pl.String))
    assert rule.score(unknown)["reason"].to_list() == ["no expected answer"]
    with pytest.raises(DataError, match="the column 'answer' is missing"):
        rule.score(rows)
    with pytest.raises(DataError, match="the column 'answer' is Float64"):
        rule.score(rows.with_columns(answer=pl.lit(1.0)))


@pytest.mark.parametrize("text", list(RULES.get("text.secrets").bad))
def test_evidence_does_not_publish_a_secret_again(text: str) -> None:
    evidence = RULES.create("text.secrets").score(rows_of([text]))["evidence"].item()
    assert evidence.endswith("…")
    assert len(evidence) <= 13
    assert evidence[:-1] in text


def test_number_rows_are_no_telephone_numbers() -> None:
    choose = random.Random(5)
    texts = [
        choose.choice([" ", "-", ", ", "."]).join(str(choose.randint(0, 9999)) for _ in range(10)) for _ in range(2000)
    ]
    plain = [text for text in texts if "-" not in text and "." not in text]
    assert RULES.create("text.secrets").score(rows_of(plain))["score"].sum() == 0


def test_tone_is_a_share_and_an_insult_is_enough() -> None:
    calm = "It went on and on about the weather, the garden, the food and the road that leads home. "
    findings = RULES.create("text.negative").score(
        rows_of([calm + "Cruel.", "Cruel and vile.", calm * 20 + "idiot", "not cruel"])
    )
    share, short, insult, negated = findings["score"]
    assert 0 < share < 0.15 <= short < 1 <= insult
    assert negated == 0
    assert findings["evidence"].to_list() == ["Cruel", "Cruel", "idiot", None]


FORMS = [
    ("hashes", "She has 6 * 7 = 42 of them.\n#### 42", "42", None),
    ("hashes", "#### $1,042.50", "1042.5", None),
    ("hashes", "So it is 42.", "42", "no answer"),
    ("hashes", "#### 41\n#### 42", "42", "more than one answer"),
    ("boxed", r"Thus $x = \boxed{42}$.", "42", None),
    ("boxed", r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", None),
    ("boxed", r"\boxed{\text{even}}", "even", None),
    ("boxed", r"\boxed{7}", "8", "wrong answer"),
    ("last number", "First 6, then 7, so 42.", "42", None),
    ("last number", "It costs $1,200.", "1200", None),
    ("last number", "It is -3 degrees", "-3", None),
    ("last number", "nothing at all", "3", "no answer"),
    ("tags", "#### 42", "42", "no answer"),
]


@pytest.mark.parametrize(("form", "text", "answer", "reason"), FORMS)
def test_answers_stand_where_the_form_says(form: str, text: str, answer: str, reason: str | None) -> None:
    rows = rows_of([text]).with_columns(answer=pl.lit(answer))
    assert RULES.create("reasoning.correct", {"form": form}).score(rows)["reason"].to_list() == [reason]


def test_a_form_that_is_none_is_one_line() -> None:
    with pytest.raises(ConfigError, match="form: input should be 'tags', 'hashes', 'boxed' or 'last number'"):
        RULES.create("reasoning.correct", {"form": "hash"})
