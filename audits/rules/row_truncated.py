"""Rule `row.truncated`: the completion ran into the token limit."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from strigil.audits.rules.rule import Rule


class RowTruncated(Rule):
    """Rejects rows that the model did not end by itself."""

    name: ClassVar[str] = "row.truncated"
    looks_at: ClassVar[str] = ""
    highest: ClassVar[float] = 1.0
    reads: ClassVar[frozenset[str]] = frozenset({"finish_reason"})

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores 1 where the finish reason is "length"."""
        truncated = pl.col("finish_reason") == "length"
        return rows.select(
            score=truncated.cast(pl.Float64),
            reason=pl.when(truncated).then(pl.lit("truncated")),
            evidence=pl.lit(None, dtype=pl.String),
        )
