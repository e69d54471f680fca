"""All that is text in a column, however deep it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass


def texts_in(column: pl.Expr, kind: pl.DataType | DataTypeClass) -> pl.Expr | None:
    """The texts of each row of a column, a line each; None if nothing in it can be text."""
    match kind if isinstance(kind, pl.DataType) else kind():
        case pl.String():
            return column
        case pl.Categorical() | pl.Enum():
            return column.cast(pl.String)
        case pl.Binary():
            return column.cast(pl.String, strict=False)
        case pl.Struct(fields=fields):
            inner = [texts_in(column.struct.field(field.name), field.dtype) for field in fields]
            texts = [text for text in inner if text is not None]
            return pl.concat_str(texts, separator="\n", ignore_nulls=True) if texts else None
        case pl.List(inner=held):
            text = texts_in(pl.element(), held)
            return None if text is None else column.list.eval(text).list.join("\n", ignore_nulls=True)
        case pl.Array(inner=held):
            return texts_in(column.arr.to_list(), pl.List(held))
        case _:
            return None
