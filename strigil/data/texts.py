"""All that is text in a column, however deep it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from strigil.data.hidden import is_pattern

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass


@dataclass(frozen=True)
class Inner:
    """A field of objects: its name, what it holds, and its type."""

    name: str
    value: pl.Expr
    kind: pl.DataType | DataTypeClass


def fields_of(column: pl.Expr, fields: Sequence[pl.Field]) -> list[Inner]:
    """The fields of a column of objects, whatever they are called: polars takes some names for patterns."""
    places = [str(place) for place in range(len(fields))]
    if any(is_pattern(field.name) for field in fields):
        column = column.struct.rename_fields(places)
    else:
        places = [field.name for field in fields]
    return [
        Inner(field.name, column.struct.field(place), field.dtype) for place, field in zip(places, fields, strict=True)
    ]


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
            inner = [texts_in(field.value, field.kind) for field in fields_of(column, fields)]
            texts = [text for text in inner if text is not None]
            return pl.concat_str(texts, separator="\n", ignore_nulls=True) if texts else None
        case pl.List(inner=held):
            text = texts_in(pl.element(), held)
            return None if text is None else column.list.eval(text).list.join("\n", ignore_nulls=True)
        case pl.Array(inner=held):
            return texts_in(column.arr.to_list(), pl.List(held))
        case _:
            return None
