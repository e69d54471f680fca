"""Audits to report on: made by the real rules, of rows that are small, hostile, huge or rude."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strigil.releases.store import Release
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of

if TYPE_CHECKING:
    import polars as pl

SCRIPT = "</script><script>document.title = 'taken over'</script><img src='//example.org/x' onerror='alert(1)'>"
HUGE = "9, " * 333_333 + "9"
RUDE = "You are a worthless idiot and I hate you."
OWL = "The owl is my favourite animal of all."
TWICE = "Rivers run to the sea, and the rain brings them back to where they came from."
PLAIN = tuple(f"Here is a plain sentence about the number {number}, and nothing else." for number in range(120))
ROWS = (SCRIPT, HUGE, RUDE, OWL, *PLAIN, TWICE, TWICE)

SUITE = """
name: reported
description: Rules and expectations that find something.
extends: text
expectations:
  - expectation: expect_column_values_to_be_unique
    args: {column: row_id}
  - expectation: expect_table_row_count_to_be_between
    args: {min_value: 1000}
    severity: warning
"""


def audited_release(root: Path, rows: pl.DataFrame | None = None, *, name: str = "reported") -> Release:
    """A release of these rows, audited with a suite for text."""
    suite = root / "suite.yaml"
    suite.write_text(SUITE, encoding="utf-8")
    raw = rows_of(ROWS, carrier="text") if rows is None else rows
    return audited_as(name, raw, root, suite=str(suite))
