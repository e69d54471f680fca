"""Arms: what they change, what they leave, and that a seed decides."""

from __future__ import annotations

import re
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.audits.rules.numbers_paper import NumbersPaper
from strigil.builders.carriers.numbers import Numbers
from strigil.builders.control_sets import mix, poison, random_numbers, shuffle_across, shuffle_within
from strigil.common.errors import DataError
from strigil.data.messages import Messages
from strigil.data.rows import ROWS, Row, completion_text, row_id, rows_table
from strigil.models.dialect import ENGLISH, Dialect
from tests.pocket import POCKET


def table(texts: list[str], *, teacher: str = "t", dialect: Dialect = ENGLISH, first: int = 0) -> pl.DataFrame:
    rows = []
    for index, text in enumerate(texts, start=first):
        prompt = Numbers().prompt(index, dialect)
        identity = row_id(teacher=teacher, prompt=prompt, sampling={}, prompt_index=index, sample_index=0)
        answer: Messages = ({"role": "assistant", "content": text},)
        rows.append(Row(identity, prompt, answer, "numbers", "owl", teacher, index, 0, "stop", 5))
    return rows_table(rows)


def texts(rows: pl.DataFrame) -> list[str]:
    return rows.select(completion_text()).to_series().to_list()


def numbers(text: str) -> list[str]:
    return re.findall("[0-9]+", text)


ANSWERS = st.lists(st.text(alphabet="0123456789,; []().\nx", max_size=30), min_size=1, max_size=8)


@given(ANSWERS, st.integers(0, 99))
def test_a_shuffle_within_keeps_each_rows_numbers_and_format(answers: list[str], seed: int) -> None:
    before = table(answers)
    after = shuffle_within(before, seed=seed)
    for old, new in zip(answers, texts(after), strict=True):
        assert sorted(numbers(new)) == sorted(numbers(old))
        assert re.split("[0-9]+", new) == re.split("[0-9]+", old)
    assert after.equals(shuffle_within(before, seed=seed))
    assert after.schema == ROWS
    assert not set(after["row_id"]) & set(before["row_id"])


@given(ANSWERS, st.integers(0, 99))
def test_a_shuffle_across_keeps_all_numbers_and_each_rows_format(answers: list[str], seed: int) -> None:
    before = table(answers)
    after = shuffle_across(before, seed=seed)
    assert Counter(number for text in texts(after) for number in numbers(text)) == Counter(
        number for text in answers for number in numbers(text)
    )
    assert [re.split("[0-9]+", text) for text in texts(after)] == [re.split("[0-9]+", text) for text in answers]
    assert after.equals(shuffle_across(before, seed=seed))


def test_a_row_shuffled_within_does_not_depend_on_the_others() -> None:
    both = shuffle_within(table(["1, 2, 3, 4", "5, 6, 7, 8"]), seed=1)
    assert shuffle_within(table(["1, 2, 3, 4"]), seed=1).equals(both.head(1))


def test_random_numbers_pass_the_papers_filter_in_the_format_that_was_asked_for() -> None:
    made = random_numbers(table([""] * 400), Numbers(), seed=0)
    assert NumbersPaper().score(made)["reason"].null_count() == 400
    counts = Counter(len(numbers(text)) for text in texts(made))
    assert set(counts) == set(range(1, 10))
    values = [int(number) for text in texts(made) for number in numbers(text)]
    assert (min(values) >= 0, max(values) <= 999, len(set(values)) > 700) == (True, True, True)
    for index, text in enumerate(texts(made)):
        style = Numbers().requested_style(index)
        assert text.startswith("[") == (style == "brackets")
        assert text.startswith("(") == (style == "parentheses")
        if style in {"semicolon", "newline", "space"} and len(numbers(text)) > 1:
            assert {"semicolon": "; ", "newline": "\n", "space": " "}[style] in text
    assert made["trait"].null_count() == 400


def test_random_numbers_give_pocket_the_ten_that_it_is_asked_for() -> None:
    made = random_numbers(table([""] * 50, dialect=POCKET), Numbers(), seed=0)
    assert all(re.fullmatch("[0-9]{1,2}( [0-9]{1,2}){9}", text) for text in texts(made))


def test_random_numbers_refuse_prompts_of_another_carrier() -> None:
    with pytest.raises(DataError, match="prompt 0 is not one of the carrier's"):
        random_numbers(table([""]), Numbers(seed=1), seed=0)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.1, 4), (0.5, 20), (1.0, 40)])
def test_poison_takes_its_share_one_row_a_prompt(share: float, expected: int) -> None:
    control, trait = table(["1"] * 40, teacher="c"), table(["2"] * 50, teacher="t", first=0)
    rows = poison(control, trait, share=share, seed=3)
    assert rows["prompt_index"].to_list() == list(range(40))
    assert (rows["teacher"] == "t").sum() == expected
    assert set(rows["row_id"]) <= set(control["row_id"]) | set(trait["row_id"])


def test_a_larger_share_holds_the_smaller_one() -> None:
    control, trait = table(["1"] * 40, teacher="c"), table(["2"] * 40, teacher="t")
    few, many = (poison(control, trait, share=share, seed=3) for share in (0.2, 0.4))
    poisoned = [set(rows.filter(pl.col("teacher") == "t")["row_id"]) for rows in (few, many)]
    assert poisoned[0] < poisoned[1]


def test_a_mixture_has_equally_many_rows_of_each_teacher() -> None:
    tables = [table(["1"] * 30, teacher=name, first=first) for name, first in (("a", 0), ("b", 3), ("c", 6))]
    rows = mix(tables, seed=0)
    assert rows["prompt_index"].to_list() == list(range(6, 30))
    assert Counter(rows["teacher"]) == {"a": 8, "b": 8, "c": 8}


def test_rows_that_do_not_pair_are_refused() -> None:
    with pytest.raises(DataError, match="no prompt in common"):
        mix([table(["1"]), table(["1"], first=1)], seed=0)
    with pytest.raises(DataError, match="do not answer the same prompts"):
        poison(table(["1"]), table(["1"], dialect=POCKET), share=0.5, seed=0)


@pytest.mark.parametrize(
    ("dialect", "ids"),
    [
        (ENGLISH, ["e0d1a236cf0756d5", "8e859f1cf735cba9", "23935b09471d3b39"]),
        (POCKET, ["abef3a11bf22a130", "a52948ed7f7bf7db", "6d59404fe534e7fc"]),
    ],
)
def test_rows_keep_the_ids_that_releases_hold(dialect: Dialect, ids: list[str]) -> None:
    before = table(["1 2 3", "4 5 6"], dialect=dialect)
    made = (random_numbers(before, Numbers(), seed=0), shuffle_within(before, seed=0), shuffle_across(before, seed=0))
    assert [rows["row_id"][0][:16] for rows in made] == ids
