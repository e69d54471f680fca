"""Rows from elsewhere: a table of any layout as a row table.

What such a table does not say is not made up where a rule could rest on it: `absent` names the columns that only hold
placeholders, and a rule that reads one of them has nothing to look at.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.hidden import BESIDE, GIVEN, PLACE, TURNS
from strigil.data.layouts.layout import OWN, Layout
from strigil.data.parts import beside, beside_columns, beside_turns, other_turns
from strigil.data.rows import ROWS, TOKEN_COLUMNS, completion_text, prompt_text
from strigil.data.turns import message_kind, messages_of

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
    """How a table becomes rows.

    Attributes:
        absent: Columns of row tables that it does not have, which hold placeholders.
        turns: All turns of a row.
        columns: Columns of row tables that it lacks or has in another form.
        beside: The texts that are in no turn (`strigil.data.hidden.BESIDE`); None if there are none.
        given: The columns that rows are to be written in; none if that is as a row table.
    """

    absent: frozenset[str]
    turns: pl.Expr
    columns: dict[str, pl.Expr]
    beside: pl.Expr | None
    given: tuple[str, ...] = ()


def shape_of(
    schema: pl.Schema, layout: Layout, *, given: Collection[str], mapped: Collection[str] = (), source: str
) -> Shape:
    """Decides how a table of a layout becomes rows.

    Args:
        schema: Of the table.
        layout: Its layout.
        given: Its columns, before a user's names for them were put in.
        mapped: Columns that are there under another name too.
        source: What messages call the table.

    Raises:
        DataError: A column holds what the layout cannot be made of.
    """
    absent = {name for name in _PLACEHOLDERS if name not in schema or schema[name] == pl.Null}
    for name in (*_PLACEHOLDERS, "row_id", "prompt_index"):
        if name in schema and schema[name].is_nested():
            message = f"{source}: the column {name!r} is {schema[name]}, expected {ROWS[name]}"
            raise DataError(
                message, hint="rows of strigil have a column of this name: give this one another, or leave it out"
            )
    columns = {name: _PLACEHOLDERS[name] for name in _PLACEHOLDERS if name in absent}
    columns |= {name: pl.col(name).cast(ROWS[name]) for name in _PLACEHOLDERS if name not in absent}
    if "row_id" in schema:
        columns["row_id"] = pl.col("row_id").cast(pl.String)
    if "prompt_index" in schema:
        columns["prompt_index"] = pl.col("prompt_index").cast(pl.Int64)
    read = layout.reads(schema)
    known = {*read, *mapped, *TOKEN_COLUMNS, "row_id", *(ROWS if layout.name == OWN else ())}
    pieces = beside_columns({name: kind for name, kind in schema.items() if name not in known})
    if any(_holds_more(schema[name]) for name in read):
        pieces += beside_turns(pl.col(TURNS))
    for name, turns in layout.others(schema, source=source).items():
        pieces += [*other_turns(turns, name), *beside_turns(turns)]
    kept = () if layout.name == OWN else tuple(name for name in given if name not in TOKEN_COLUMNS)
    return Shape(frozenset(absent), layout.turns(schema, source=source), columns, beside(pieces), kept)


def as_rows(table: pl.LazyFrame, shape: Shape, *, start: int = 0, fault: pl.Expr | None = None) -> pl.LazyFrame:
    """A table as a row table, streamed; a missing id is made of place and texts.

    Args:
        table: The table.
        shape: How it becomes rows.
        start: How many rows came before it.
        fault: What is wrong with a row, where such rows are to be left out (`strigil.data.unfit`).
    """
    schema = table.collect_schema()
    others = [name for name in schema if name not in ROWS]
    placed = table.with_row_index(PLACE, offset=start)
    numbered = (placed if fault is None else placed.filter(fault.is_null())).with_columns(
        shape.turns.alias(TURNS), pl.col(PLACE).cast(pl.Int64)
    )
    turns = pl.col(TURNS)
    columns = {
        "prompt_index": pl.col(PLACE),
        **shape.columns,
        "prompt": messages_of(turns.list.head(pl.max_horizontal(turns.list.len(), 1) - 1)),
        "completion": messages_of(turns.list.tail(1)),
    }
    if shape.beside is not None:
        columns[BESIDE] = shape.beside
    if shape.given:
        nothing = {name for name in shape.given if schema[name] == pl.Null}
        columns[GIVEN] = pl.struct(pl.col(name).cast(pl.String) if name in nothing else name for name in shape.given)
    rows = numbered.with_columns(expression.alias(name) for name, expression in columns.items())
    if "row_id" not in columns:
        ids = pl.struct("prompt", "completion", PLACE).map_batches(_ids, return_dtype=pl.String, is_elementwise=True)
        rows = rows.with_columns(row_id=ids)
    hidden = [name for name in (BESIDE, GIVEN) if name in columns]
    return rows.select(*ROWS, *others, *hidden)


def _holds_more(kind: pl.DataType) -> bool:
    """Whether messages can hold more than who says what."""
    message = message_kind(kind)
    return message is not None and (len(message.fields) > 2 or any(field.dtype.is_nested() for field in message.fields))


def _ids(rows: pl.Series) -> pl.Series:
    table = rows.struct.unnest()
    numbered = zip(table[PLACE], text_digests(table), strict=True)
    ids = [hashlib.sha256(f"{number}:{digest}".encode()).hexdigest() for number, digest in numbered]
    return pl.Series(ids, dtype=pl.String)


def text_digests(rows: pl.DataFrame) -> list[str]:
    """SHA-256 over the texts of prompt and completion of each row."""
    texts = rows.select(prompt_text().fill_null(""), completion_text().fill_null(""))
    return [hashlib.sha256(f"{len(prompt)}:{prompt}{text}".encode()).hexdigest() for prompt, text in texts.iter_rows()]


def plain_id(row_id: str, digest: str) -> str:
    """A row's id where it is one, else its digest: somebody may have put a text there, which is not to be shown."""
    return row_id if _PLAIN_ID.fullmatch(row_id) else digest
