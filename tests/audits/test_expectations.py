"""Expectations: Great Expectations runs them; empty tables fail, and what cannot be evaluated is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strigil.audits.suite.expectations import Expectations, Outcome
from strigil.audits.suite.run import run_suite
from strigil.audits.suite.suite import ExpectationChoice, TableName, load_suite
from strigil.common.errors import ConfigError
from tests.audits.tables import rows_of

if TYPE_CHECKING:
    import polars as pl

AUDIT = run_suite(rows_of(["1, 2", "3", "owl"]), load_suite("numbers-paper"), source="rows")
TABLES: dict[TableName, pl.LazyFrame] = {
    "clean": AUDIT.clean.lazy(),
    "removed": AUDIT.removed.lazy(),
    "verdicts": AUDIT.verdicts.lazy(),
}


def check(
    expectation: str,
    table: TableName = "clean",
    args: Mapping[str, object] | None = None,
    tables: dict[TableName, pl.LazyFrame] = TABLES,
) -> Outcome:
    choice = ExpectationChoice(expectation=expectation, table=table, args=dict(args or {}))
    return Expectations.prepare([choice]).check(tables)[0]


def test_an_expectation_sees_the_text_of_a_completion() -> None:
    digits = {"column": "completion", "regex": "^[0-9, ]+$"}
    assert check("expect_column_values_to_match_regex", args=digits).result == "passed"
    failed = check("expect_column_values_to_match_regex", "removed", digits)
    assert failed.result == "failed"
    assert failed.unexpected == 1
    assert failed.row_ids == ("row-0000002",)


def test_the_verdict_table_can_be_asked() -> None:
    column = {"column": "rule", "value_set": ["numbers.paper", "row.truncated"]}
    assert check("expect_column_values_to_be_in_set", "verdicts", column).result == "passed"


def test_an_empty_table_fails_unless_its_rows_are_counted() -> None:
    empty: dict[TableName, pl.LazyFrame] = {"clean": AUDIT.clean.clear().lazy()}
    failed = check("expect_column_values_to_be_unique", args={"column": "row_id"}, tables=empty)
    assert (failed.result, failed.unexpected) == ("failed", None)
    assert "the clean table is empty" in (failed.detail or "")
    assert check("expect_table_row_count_to_be_between", args={"max_value": 3}, tables=empty).result == "passed"
    assert check("expect_table_row_count_to_be_between", args={"min_value": 1}, tables=empty).result == "failed"


def test_an_error_is_no_failure() -> None:
    error = check("expect_column_values_to_be_unique", args={"column": "nope"})
    assert error.result == "error"
    assert "nope" in (error.detail or "")
    assert check("expect_column_mean_to_be_between", args={"column": "carrier", "min_value": 0}).result == "error"


def test_outcomes_come_in_the_order_of_the_suite() -> None:
    choices = [
        ExpectationChoice(expectation="expect_table_row_count_to_equal", table=table, args={"value": value})
        for table, value in (("clean", 2), ("verdicts", 6), ("clean", 5), ("removed", 1))
    ]
    outcomes = Expectations.prepare(choices).check(TABLES)
    assert [outcome.choice for outcome in outcomes] == choices
    assert [outcome.result for outcome in outcomes] == ["passed", "passed", "failed", "passed"]
    assert "found 2" in (outcomes[2].detail or "")


def test_data_docs_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    choice = ExpectationChoice(expectation="expect_table_row_count_to_equal", args={"value": 2})
    Expectations.prepare([choice]).check(TABLES, data_docs=tmp_path / "docs")
    assert (tmp_path / "docs" / "index.html").exists()


@pytest.mark.parametrize(
    ("name", "args", "what"),
    [
        ("expect_owls", {}, "unknown expectation 'expect_owls'"),
        ("expect_table_row_count_to_equal", {"valeu": 3}, "valeu"),
        ("expect_column_values_to_be_unique", {}, "column"),
    ],
)
def test_what_great_expectations_does_not_know_is_refused_before_the_audit(
    name: str, args: dict[str, object], what: str
) -> None:
    with pytest.raises(ConfigError, match=what):
        Expectations.prepare([ExpectationChoice(expectation=name, args=args)])


def test_progress_bars_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    check("expect_table_row_count_to_equal", args={"value": 2})
    assert capfd.readouterr().err == ""
