"""The verdict table: one rule's finding on one row. Every rule scores every row, no short circuit."""

from __future__ import annotations

import polars as pl

VERDICTS = pl.Schema(
    {
        "row_id": pl.String,
        "rule": pl.String,
        "rule_version": pl.String,
        "score": pl.Float64,
        "threshold": pl.Float64,
        "rejected": pl.Boolean,
        "reason": pl.String,
        "evidence": pl.String,
    }
)
