"""What rules would not see of rows from elsewhere, and a reader or a student would: refused by name, never passed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.streams import iter_batches

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass

# Where chat formats keep what a model wrote besides its answer.
UNJUDGED: Final = ("reasoning", "reasoning_content", "thinking", "tool_calls", "function_call", "refusal", "audio")


def check_judged(given: pl.LazyFrame, rows: pl.LazyFrame, *, source: str) -> None:
    """Makes sure that a completion is one turn of the assistant, without anything beside its text.

    Args:
        given: The table as it came.
        rows: The same rows as a row table.
        source: What messages call the table.

    Raises:
        DataError: A row has other turns, or holds a value in one of `UNJUDGED`, as a column or within a message.
    """
    columns = given.collect_schema()
    for name, holds in _places(columns).items():
        for place in _first(given, holds, source=source):
            message = f"{source}: row {place}: it holds {name}, which no rule judges"
            raise DataError(message, hint=f"take {name} out, or put what it says into the completion")
    if "completion" in columns and columns["completion"].is_nested():
        role = pl.col("completion").list.first().struct.field("role")
        others = (pl.col("completion").list.len() != 1) | (role != "assistant")
        for place in _first(rows, others, source=source):
            message = (
                f"{source}: row {place}: its completion is not one turn of the assistant, which is all that rules judge"
            )
            raise DataError(message, hint="give each row one turn of the assistant; what came before it is its prompt")


def _places(columns: pl.Schema) -> dict[str, pl.Expr]:
    found = {name: _said(pl.col(name), columns[name]) for name in UNJUDGED if name in columns}
    for column in ("prompt", "completion"):
        kind = columns.get(column)
        if isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct):
            for field in kind.inner.fields:
                if field.name in UNJUDGED:
                    part = _said(pl.element().struct.field(field.name), field.dtype)
                    found[f"{column}.{field.name}"] = pl.col(column).list.eval(part).list.any()
    return found


def _said(value: pl.Expr, kind: pl.DataType | DataTypeClass) -> pl.Expr:
    """Whether there is anything in it: formats write empty lists and texts where there is nothing."""
    if isinstance(kind, pl.List):
        return value.list.len() > 0
    return value.str.len_bytes() > 0 if kind == pl.String else value.is_not_null()


def _first(table: pl.LazyFrame, found: pl.Expr, *, source: str) -> list[int]:
    """The number of the first row where it is so, from 1; empty where there is none."""
    rows = table.with_row_index("place", offset=1).filter(found).select("place").head(1)
    return [place for batch in iter_batches(rows, source=source) for place in batch["place"]]
