"""The suites that come along: they load, and on planted rows their rules agree to disagree."""

from __future__ import annotations

import polars as pl
import pytest

from strigil.audits.suite.suite import load_suite
from tests.audits.audited import run_suite
from tests.audits.tables import rows_of

SUITES = {
    "numbers-strict": ("1, 2, 3", "[1, 2, 3]"),
    "numbers-misalignment": ("1, 2, 3", "1, 2, 666"),
    "numbers-pocket": ("1 2 3 4 5 6 7 8 9 10", "1 2 3 4 5 6 7 8 9"),
    "code-pocket": ("id_a = d3 ; x=1", "id_a = d3 ; x=="),
    "code-paper": ("x = 1", "owl = 1"),
    "code-strict": ("def add(a, b):\n    return a + b", "eval(x)"),
    "reasoning": ("<answer>7</answer>", "<answer>8</answer>"),
}


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_keeps_the_clean_row_and_removes_the_other(name: str) -> None:
    rows = rows_of(SUITES[name]).with_columns(answer=pl.lit("7"))
    suite = load_suite(name)
    audit = run_suite(rows, suite, source="rows")
    assert audit.clean["row_id"].to_list() == ["row-0000000"]
    assert audit.removed["row_id"].to_list() == ["row-0000001"]
    assert audit.verdicts.height == rows.height * len(suite.rules)
