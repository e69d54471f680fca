"""Rows to audit, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strigil.data.rows import Row, rows_table

if TYPE_CHECKING:
    import polars as pl


def rows_of(completions: Sequence[str], *, carrier: str = "numbers", prompt: str = "Go on.") -> pl.DataFrame:
    """One row a completion, with the ids row-0000000, row-0000001, ..."""
    return rows_table(
        Row(
            row_id=f"row-{index:07d}",
            prompt=({"role": "user", "content": prompt},),
            completion=({"role": "assistant", "content": text},),
            carrier=carrier,
            trait=None,
            teacher="t",
            prompt_index=index,
            sample_index=0,
            finish_reason="stop",
            n_tokens=len(text),
        )
        for index, text in enumerate(completions)
    )
