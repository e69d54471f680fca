"""Audits in memory and in batches: every rule on every row, and counts that add up."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.suite.run import Run
from strigil.audits.suite.suite import ChosenRule, Suite
from strigil.audits.suite.tally import QUANTILES, RowIds
from strigil.common.errors import DataError
from strigil.data.rows import completion_text
from strigil.data.verdicts import VERDICTS
from tests.audits.audited import run_suite
from tests.audits.tables import rows_of


class Divisible(Rule):
    """Scores a number by how often `by` divides it."""

    name: ClassVar[str] = "test.divisible"
    by: int

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        number = completion_text().cast(pl.Int64)
        return rows.select(
            score=(number % self.by == 0).cast(pl.Float64) * number,
            reason=pl.when(number % self.by == 0).then(pl.format("divisible by {}", pl.lit(self.by))),
            evidence=pl.lit(None, pl.String),
        )


class ByThree(Divisible):
    """The same for three."""

    name: ClassVar[str] = "test.by_three"
    by: int = 3


class Seen(Rule):
    """Rejects a completion that came before in the same run."""

    name: ClassVar[str] = "test.seen"

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        seen: set[str] = set()

        def score(rows: pl.DataFrame) -> pl.DataFrame:
            texts = rows.select(completion_text()).to_series().to_list()
            scores = []
            for text in texts:
                scores.append(float(text in seen))
                seen.add(text)
            reasons = ["seen before" if each else None for each in scores]
            return pl.DataFrame({"score": scores, "reason": reasons, "evidence": [None] * len(scores)}, schema=FINDINGS)

        return score


class Wrong(Rule):
    """Gives back what it was told to."""

    name: ClassVar[str] = "test.wrong"
    value: float | None

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(
            score=pl.lit(self.value, pl.Float64), reason=pl.lit(None, pl.String), evidence=pl.lit(None, pl.String)
        )


def suite_of(*rules: Rule) -> Suite:
    return Suite("test", "", tuple(ChosenRule(rule, 1.0) for rule in rules))


SUITE = suite_of(Divisible(by=2), ByThree(), Seen())


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60), st.integers(1, 20))
def test_batches_find_what_one_table_finds(numbers: list[int], size: int) -> None:
    rows = rows_of([str(number) for number in numbers])
    run = Run(SUITE, source="rows")
    judged = list(run.judge(rows.iter_slices(size)))
    whole = run_suite(rows, SUITE, source="rows")
    assert run.summary() == whole.summary
    assert pl.concat(part.clean for part in judged).equals(whole.clean)
    assert pl.concat(part.removed for part in judged).equals(whole.removed)
    order = ["rule", "row_id"]
    assert pl.concat(part.verdicts() for part in judged).sort(order).equals(whole.verdicts.sort(order))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_counts_are_those_of_a_plain_loop(numbers: list[int]) -> None:
    audit = run_suite(rows_of([str(number) for number in numbers]), SUITE, source="rows")
    against = [[number % 2 == 0, number % 3 == 0, number in numbers[:index]] for index, number in enumerate(numbers)]
    assert audit.verdicts.height == len(numbers) * 3
    assert audit.verdicts.schema == VERDICTS
    assert audit.clean.height == sum(not any(row) for row in against)
    assert [rule.rejected for rule in audit.rules] == [sum(row[i] for row in against) for i in range(3)]
    assert [rule.alone for rule in audit.rules] == [sum(row[i] and sum(row) == 1 for row in against) for i in range(3)]
    assert [sum(rule.reasons.values()) for rule in audit.rules] == [rule.rejected for rule in audit.rules]
    both = {(0, 1): 0, (0, 2): 0, (1, 2): 0}
    for row in against:
        for i, j in both:
            both[i, j] += row[i] and row[j]
    assert sorted(pair.rows for pair in audit.summary.overlaps) == sorted(n for n in both.values() if n)
    scores = sorted(float(number * (number % 2 == 0)) for number in numbers)
    expected = np.quantile(scores, QUANTILES, method="inverted_cdf").tolist()
    assert list(audit.rules[0].scores.values()) == pytest.approx(expected)


def test_an_audit_of_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="rows has no rows"):
        run_suite(rows_of([]), SUITE, source="rows")


def test_a_row_id_that_comes_again_in_another_batch_is_refused() -> None:
    rows = rows_of(["1", "2"])
    with pytest.raises(DataError, match="'row_id' repeats itself in 2 rows"):
        list(Run(SUITE, source="rows").judge([rows, rows]))


def test_row_ids_add_up_whatever_the_batches() -> None:
    ids = RowIds()
    for start in range(0, 100, 7):
        ids.add(pl.Series([str(i) for i in range(start, min(100, start + 7))]))
    assert np.unique(ids.hashes()).size == 100
    ids.check_unique(source="rows")


def without(column: str) -> pl.DataFrame:
    """Four rows of which the third lacks a column."""
    rows = rows_of(["1", "2", "3", "4"])
    third = pl.int_range(rows.height) == 2
    return rows.with_columns(pl.when(~third).then(pl.col(column)).alias(column))


@pytest.mark.parametrize("column", ["row_id", "prompt", "completion"])
def test_nulls_are_named_with_their_row(column: str) -> None:
    with pytest.raises(DataError, match=f"rows: row 3 has no {column}"):
        list(Run(SUITE, source="rows").judge(without(column).iter_slices(2)))


@pytest.mark.parametrize("column", ["carrier", "teacher", "prompt_index", "sample_index", "finish_reason", "n_tokens"])
def test_a_column_must_be_filled_only_where_a_rule_reads_it(column: str) -> None:
    judged = list(Run(SUITE, source="rows").judge(without(column).iter_slices(2)))
    filled = {"prompt_index": 2, "sample_index": 0, "n_tokens": 0}.get(column, "unknown")
    assert judged[1].rows[column][0] == filled
    reading = type("Reading", (ByThree,), {"name": "test.reading", "reads": frozenset({column})})
    with pytest.raises(DataError, match=f"row 3 has no {column}, which the rule 'test.reading' reads"):
        list(Run(suite_of(reading()), source="rows").judge(without(column).iter_slices(2)))


def test_an_empty_completion_list_is_a_missing_text() -> None:
    rows = rows_of(["1", "2"])
    rows = rows.with_columns(pl.col("completion").list.head(pl.col("prompt_index")))
    with pytest.raises(DataError, match="row 1 has no completion's text"):
        run_suite(rows, SUITE, source="rows")


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_rule_that_does_not_score_is_an_error(value: float | None) -> None:
    with pytest.raises(DataError, match=r"'test.wrong' gave rows no score"):
        run_suite(rows_of(["1"]), suite_of(Wrong(value=value)), source="rows")
