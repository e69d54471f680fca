"""Expectations: Great Expectations runs them; empty tables fail, and what cannot be evaluated is an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
import yaml
from great_expectations.expectations.registry import get_expectation_impl

from strigil.audits.suite.assertions import ASSERTIONS
from strigil.audits.suite.expectations import Expectations, Outcome
from strigil.audits.suite.suite import ExpectationChoice, TableName, load_suite
from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.releases.store import open_release
from tests.audits.audited import run_suite
from tests.audits.tables import rows_of

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


RULE_IN = {"column": "rule", "value_set": ["numbers.paper", "row.truncated"]}


@pytest.mark.parametrize(
    ("expectation", "table", "judged"),
    [
        ({"expectation": "expect_column_values_to_not_be_null", "args": {"column": "n_tokens"}}, "clean", 2),
        ({"expectation": "expect_column_values_to_be_in_set", "args": RULE_IN}, "verdicts", 6),
        ({"expectation": "expect_table_row_count_to_be_between", "args": {"min_value": 1}}, "removed", 1),
    ],
)
def test_how_many_were_judged_is_said_by_the_gate_and_kept_in_the_manifest(
    expectation: dict[str, object], table: str, judged: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = tmp_path / "suite.yaml"
    rules = [{"rule": "numbers.paper", "allow": {"share": 1.0}}, {"rule": "row.truncated"}]
    told = {"name": "s", "description": "d", "rules": rules, "expectations": [expectation | {"table": table}]}
    suite.write_text(yaml.safe_dump(told))
    rows_of(["1, 2", "3", "owl"]).write_parquet(tmp_path / "rows.parquet")
    data = [str(tmp_path / "rows.parquet"), "--suite", str(suite)]
    assert run(["gate", *data, "--format", "json"]) == 0
    [check] = [one for one in json.loads(capsys.readouterr().out)["checks"] if one["kind"] == "expectation"]
    assert check["detail"] == f"met by {judged} judged"
    assert run(["audit", *data, "--out", str(tmp_path)]) == 0
    [record] = open_release(tmp_path / "rows").manifest.audit.expectations
    assert (record.result, record.judged) == ("passed", judged)


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


def test_every_expectation_that_a_suite_may_have_is_one() -> None:
    assert {name for name in ASSERTIONS if get_expectation_impl(name).expectation_type != name} == set()


def test_what_was_found_instead_repeats_no_text_of_a_row() -> None:
    args = {"column": "completion", "value_set": ["7"]}
    outcome = check("expect_column_most_common_value_to_be_in_set", args=args)
    assert (outcome.result, outcome.detail) == ("failed", "found other values")
    assert check("expect_column_type_to_be", args={"column": "prompt_index", "type_": "str"}).detail == "found int64"


LARGE = 2**53
ODD: dict[TableName, pl.LazyFrame] = {
    "clean": pl.LazyFrame(
        {
            "row_id": ["a", "b", "c"],
            "empty": pl.Series([None, None, None], dtype=pl.String),
            "score": [float("nan"), 0.2, None],
            "key": [LARGE + 1, None, LARGE],
            "whole": [LARGE + 1, 5, LARGE],
            "small": [1, None, 2],
        }
    )
}


@pytest.mark.parametrize(
    ("name", "args", "why"),
    [
        ("values_to_be_in_set", {"column": "empty", "value_set": ["x"]}, "no value was judged: every value is missing"),
        ("values_to_be_unique", {"column": "row_id", "row_condition": "small > 7"}, "no row is left by row_condition"),
        ("values_to_be_between", {"column": "score", "min_value": 0, "max_value": 1}, "score holds NaN"),
        ("max_to_be_between", {"column": "score", "max_value": 1}, "score holds NaN"),
        (
            "values_to_be_unique",
            {"column": "row_id", "row_condition": "score > 0.1"},
            "score of row_condition holds NaN",
        ),
        ("values_to_be_unique", {"column": "row_id", "row_condition": "nope > 0.1"}, "nope"),
        ("pair_values_to_be_equal", {"column_A": "key", "column_B": "empty"}, "no value was judged"),
    ],
)
def test_an_expectation_that_looked_at_nothing_is_an_error(name: str, args: dict[str, object], why: str) -> None:
    outcome = check(f"expect_column_{name}", args=args, tables=ODD)
    assert (outcome.result, outcome.judged) == ("error", 0)
    assert why in (outcome.detail or "")


@pytest.mark.parametrize(
    ("name", "args", "result", "judged"),
    [
        ("values_to_be_unique", {"column": "key"}, "passed", 2),
        ("values_to_be_in_set", {"column": "key", "value_set": [LARGE]}, "failed", 2),
        ("values_to_be_in_set", {"column": "key", "value_set": [LARGE, LARGE + 1]}, "passed", 2),
        ("values_to_be_between", {"column": "whole", "max_value": LARGE}, "failed", 3),
        ("max_to_be_between", {"column": "key", "max_value": LARGE}, "failed", 2),
        ("values_to_be_of_type", {"column": "key", "type_": "int64"}, "passed", 2),
        ("values_to_be_of_type", {"column": "small", "type_": "int64"}, "passed", 2),
        ("values_to_be_null", {"column": "empty"}, "passed", 3),
        ("values_to_be_unique", {"column": "row_id", "row_condition": "small > 1 OR whole = 5"}, "passed", 2),
    ],
)
def test_whole_numbers_stay_whole_and_what_was_judged_is_counted(
    name: str, args: dict[str, object], result: str, judged: int
) -> None:
    outcome = check(f"expect_column_{name}", args=args, tables=ODD)
    assert (outcome.result, outcome.judged) == (result, judged)


@pytest.mark.parametrize(
    ("name", "args", "what"),
    [
        ("expect_column_values_to_be_unique", {"row_condition": '@pd.io.common.os.system("touch {}")'}, "no condition"),
        ("expect_column_values_to_be_unique", {"row_condition": "key > (SELECT 1)"}, "must be a condition"),
        (
            "expect_column_values_to_be_unique",
            {"row_condition": {"type": "and", "conditions": []}},
            "must be a condition",
        ),
        ("expect_column_values_to_be_unique", {"condition_parser": "pandas"}, "cannot set 'condition_parser'"),
        ("expect_column_values_to_be_unique", {"meta": {}}, "cannot set 'meta'"),
        ("expect_column_values_to_be_in_set", {"value_set": {"$PARAMETER": "now()"}}, "looks a value up elsewhere"),
        ("expect_column_values_to_be_between", {"max_value": LARGE + 1}, "beyond 2\\^53"),
        ("unexpected_rows_expectation", {"unexpected_rows_query": "SELECT 1"}, "unknown expectation"),
        ("expect_column_values_to_match_json_schema", {"json_schema": {"$ref": "file:///x"}}, "unknown expectation"),
        ("expect_table_row_count_to_equal_other_table", {"other_table_name": "x"}, "unknown expectation"),
    ],
)
def test_an_expectation_can_only_look_at_its_table(
    name: str, args: dict[str, object], what: str, tmp_path: Path
) -> None:
    touched = tmp_path / "touched"
    filled = {key: value.format(touched) if isinstance(value, str) else value for key, value in args.items()}
    choice = ExpectationChoice(expectation=name, args={"column": "row_id", **filled})
    with pytest.raises(ConfigError, match=what):
        Expectations.prepare([choice]).check(ODD)
    assert not touched.exists()


NUMBERS, TEXTS = "expect_column_values_to_", "expect_column_values_to_match_regex"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        (f"{NUMBERS}not_be_null", {"mostly": 0}),
        (f"{NUMBERS}be_unique", {"mostly": 0.0}),
        (f"{NUMBERS}be_in_set", {"value_set": ["x"], "mostly": -1}),
        (f"{NUMBERS}not_be_in_set", {"value_set": []}),
        ("expect_column_distinct_values_to_contain_set", {"value_set": []}),
        (f"{NUMBERS}not_match_regex_list", {"regex_list": []}),
        ("expect_table_row_count_to_be_between", {}),
        ("expect_table_row_count_to_be_between", {"min_value": 0}),
        ("expect_column_max_to_be_between", {"min_value": None}),
        ("expect_column_mean_to_be_between", {"max_value": float("inf")}),
        ("expect_column_sum_to_be_between", {"min_value": -1e308, "max_value": 1e308}),
        ("expect_column_proportion_of_unique_values_to_be_between", {"min_value": 0, "max_value": 1}),
        ("expect_column_value_lengths_to_be_between", {"min_value": 0}),
        (TEXTS, {"regex": ""}),
        (TEXTS, {"regex": "(?s).*"}),
        (TEXTS, {"regex": "x?"}),
        (f"{TEXTS}_list", {"regex_list": ["owl", ".*"]}),
        (f"{TEXTS}_list", {"regex_list": ["x*", ".*"], "match_on": "all"}),
        (f"{NUMBERS}not_match_regex", {"regex": "owl(?!)"}),
        (f"{NUMBERS}not_match_regex_list", {"regex_list": ["(?!)", r"[^\s\S]"]}),
        ("expect_column_value_lengths_to_be_between", {"min_value": -1, "strict_min": True}),
        ("expect_column_value_z_scores_to_be_less_than", {"threshold": 1e308, "double_sided": True}),
    ],
)
def test_an_expectation_that_any_table_meets_is_refused(name: str, args: dict[str, object]) -> None:
    choice = ExpectationChoice(expectation=name, args={"column": "row_id", **args})
    with pytest.raises(ConfigError, match="would pass any table"):
        Expectations.prepare([choice])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        (f"{NUMBERS}be_in_set", {"value_set": []}),
        (f"{TEXTS}_list", {"regex_list": []}),
        (TEXTS, {"regex": "(?!)"}),
        (TEXTS, {"regex": r"owl[^\S\s]"}),
        (f"{TEXTS}_list", {"regex_list": ["owl", "(?!)"], "match_on": "all"}),
        ("expect_column_max_to_be_between", {"min_value": 3, "max_value": 3, "strict_max": True}),
        ("expect_column_max_to_be_between", {"min_value": 4, "max_value": 3}),
        ("expect_column_value_lengths_to_be_between", {"max_value": -1}),
        ("expect_column_value_lengths_to_be_between", {"max_value": 0, "strict_max": True}),
        ("expect_column_proportion_of_unique_values_to_be_between", {"min_value": 1.5}),
    ],
)
def test_an_expectation_that_no_value_meets_is_refused(name: str, args: dict[str, object]) -> None:
    choice = ExpectationChoice(expectation=name, args={"column": "row_id", **args})
    with pytest.raises(ConfigError, match="would pass no table"):
        Expectations.prepare([choice])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        (TEXTS, {"regex": "^[a-z]*$"}),
        (f"{NUMBERS}not_match_regex", {"regex": "x?"}),
        (f"{NUMBERS}be_in_set", {"value_set": ["x"], "mostly": 0.01}),
        ("expect_column_value_lengths_to_be_between", {"min_value": 0, "max_value": 9}),
        ("expect_column_min_to_be_between", {"min_value": 0}),
        ("expect_column_value_lengths_to_be_between", {"min_value": 0, "strict_min": True}),
        ("expect_column_proportion_of_unique_values_to_be_between", {"max_value": 1, "strict_max": True}),
        (f"{TEXTS}_list", {"regex_list": ["owl", ".*"], "match_on": "all"}),
        (f"{NUMBERS}not_match_regex_list", {"regex_list": ["(?!)", "owl"]}),
        (TEXTS, {"regex": "owl|(?!)"}),
        (TEXTS, {"regex": "owl(?!)?"}),
        (TEXTS, {"regex": "owl(?!s)"}),
        (TEXTS, {"regex": "owl[(?!)]"}),
        (TEXTS, {"regex": r"owl\(?!)"}),
        ("expect_column_value_lengths_to_be_between", {"min_value": 3, "max_value": 3}),
    ],
)
def test_an_expectation_that_can_fail_is_taken(name: str, args: dict[str, object]) -> None:
    Expectations.prepare([ExpectationChoice(expectation=name, args={"column": "row_id", **args})])
