"""Rows from elsewhere: a table of any layout as a row table.

What such a table does not say is not made up where a rule could rest on it: `absent` names the columns that only hold
placeholders, and a rule that reads one of them has nothing to look at.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.rows import ROWS, completion_text, prompt_text

_PLACE: Final = "__place"
_PLAIN_ID: Final = re.compile(r"[\w.:-]{1,128}")
_PLACEHOLDERS: Final = {
    "carrier": pl.lit("unknown"),
    "trait": pl.lit(None, pl.String),
    "teacher": pl.lit("unknown"),
    "sample_index": pl.lit(0, pl.Int64),
    "finish_reason": pl.lit("unknown"),
    "n_tokens": pl.lit(0, pl.Int64),
}


@dataclass(frozen=True)
class Shape:
    """How a table becomes rows: the expressions for columns that it lacks or has in another form."""

    absent: frozenset[str]
    columns: dict[str, pl.Expr]


def shape_of(schema: pl.Schema, layout: Layout, *, source: str) -> Shape:
    """Decides how a table of a layout becomes rows.

    Raises:
        DataError: A column holds what the layout cannot be made of.
    """
    columns = {"prompt": layout.prompt(schema, source=source), "completion": layout.completion(schema, source=source)}
    absent = {name for name in _PLACEHOLDERS if name not in schema or schema[name] == pl.Null}
    columns |= {name: _PLACEHOLDERS[name] for name in _PLACEHOLDERS if name in absent}
    columns |= {name: pl.col(name).cast(ROWS[name]) for name in _PLACEHOLDERS if name not in absent}
    if "row_id" in schema:
        columns["row_id"] = pl.col("row_id").cast(pl.String)
    if "prompt_index" in schema:
        columns["prompt_index"] = pl.col("prompt_index").cast(pl.Int64)
    return Shape(frozenset(absent), columns)


def as_rows(table: pl.LazyFrame, shape: Shape, *, start: int) -> pl.LazyFrame:
    """A table as a row table, streamed; `start` rows came before it. A missing id is made of place and texts."""
    schema = table.collect_schema()
    others = [name for name in schema if name not in ROWS]
    numbered = table.with_row_index(_PLACE, offset=start).with_columns(pl.col(_PLACE).cast(pl.Int64))
    columns = {"prompt_index": pl.col(_PLACE), **shape.columns}
    rows = numbered.with_columns(expression.alias(name) for name, expression in columns.items())
    if "row_id" not in columns:
        ids = pl.struct("prompt", "completion", _PLACE).map_batches(_ids, return_dtype=pl.String, is_elementwise=True)
        rows = rows.with_columns(row_id=ids)
    return rows.select(*ROWS, *others)


def _ids(rows: pl.Series) -> pl.Series:
    table = rows.struct.unnest()
    numbered = zip(table[_PLACE], text_digests(table), strict=True)
    ids = [hashlib.sha256(f"{number}:{digest}".encode()).hexdigest() for number, digest in numbered]
    return pl.Series(ids, dtype=pl.String)


def text_digests(rows: pl.DataFrame) -> list[str]:
    """SHA-256 over the texts of prompt and completion of each row."""
    texts = rows.select(prompt_text().fill_null(""), completion_text().fill_null(""))
    return [hashlib.sha256(f"{len(prompt)}:{prompt}{text}".encode()).hexdigest() for prompt, text in texts.iter_rows()]


def plain_id(row_id: str, digest: str) -> str:
    """A row's id where it is one, else its digest: somebody may have put a text there, which is not to be shown."""
    return row_id if _PLAIN_ID.fullmatch(row_id) else digest
