"""Columns of pictures, sounds and films, which stand beside texts that speak of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.hidden import PLACE
from strigil.data.streams import iter_batches

# Source: https://huggingface.co/docs/trl/dataset_formats, "Vision datasets", and LLaMA-Factory's data/README.md.
_COLUMNS: Final = ("image", "images", "video", "videos", "audio", "audios")


def check_media(table: pl.LazyFrame, *, source: str) -> None:
    """Makes sure that no column has pictures, sounds or films, or the names of their files: no rule can judge them.

    Raises:
        DataError: One has; the message names the first row.
    """
    schema = table.collect_schema()
    for name in (name for name in _COLUMNS if name in schema):
        column, kind = pl.col(name), schema[name]
        there = column.list.len() > 0 if isinstance(kind, pl.List) else column.is_not_null()
        if kind == pl.String:
            there = column != ""
        found = table.with_row_index(PLACE, offset=1).filter(there).select(PLACE).head(1)
        for batch in iter_batches(found, source=source):
            for (place,) in batch.iter_rows():
                message = f"{source}: row {place}: the column {name!r} holds what no rule can judge"
                raise DataError(message, hint="leave such rows out, or leave the column out to judge the texts alone")
