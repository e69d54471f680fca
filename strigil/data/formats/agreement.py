"""What shards of one data set agree on: the same columns, of the widest of their types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from strigil.common.errors import DataError
from strigil.data.limits import EXACT
from strigil.data.unreadable import unreadable

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass


def agreed_schema(schemas: Mapping[str, pl.Schema]) -> pl.Schema:
    """The columns of all tables, in the order of the first, with types that hold the values of each.

    Args:
        schemas: Of each table, by what the user knows it by.

    Raises:
        DataError: A column is missing in one, or its types have none that holds both without loss.
    """
    (first, columns), *others = schemas.items()
    agreed = dict(columns)
    for name, schema in others:
        different = [column for column in dict.fromkeys([*agreed, *schema]) if column not in agreed.keys() & schema]
        wider = {column: _wider(kind, schema[column]) for column, kind in agreed.items() if column in schema}
        if different := [*different, *(column for column, kind in wider.items() if kind is None)]:
            message = f"{name} and {first} have different columns: {', '.join(different)}"
            raise DataError(message, hint="read them one by one")
        agreed = {column: kind for column, kind in wider.items() if kind is not None}
    return pl.Schema(agreed)


def check_exact(frame: pl.LazyFrame, schema: pl.Schema, *, name: str) -> None:
    """Makes sure that no integer of a table changes where the agreed type of its column is a float.

    Raises:
        DataError: One would; the message names the column.
    """
    whole = [column for column, kind in frame.collect_schema().items() if kind.is_integer()]
    wide = [column for column in whole if schema[column] == pl.Float64]
    if not wide:
        return
    try:
        largest = frame.select(pl.col(wide).cast(pl.Int128).abs().max()).collect(engine="streaming").row(0, named=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(name, error) from error
    if lost := [column for column, value in largest.items() if value is not None and value > EXACT]:
        message = (
            f"{name}: the column {lost[0]!r} has integers of more figures than a float keeps, and other files floats"
        )
        raise DataError(message, hint="read the files one by one, or write its numbers as texts")


def _whole(kind: pl.DataType | DataTypeClass) -> pl.DataType:
    return kind if isinstance(kind, pl.DataType) else kind()


def _wider(one: pl.DataType, other: pl.DataType) -> pl.DataType | None:
    """The type that holds values of both; None if there is none. Of objects, keys that one lacks are null in it."""
    if one == other or other == pl.Null:
        return one
    match one, other:
        case pl.Null(), _:
            return other
        case pl.List(inner=first), pl.List(inner=second):
            inner = _wider(_whole(first), _whole(second))
            return None if inner is None else pl.List(inner)
        case pl.Struct(fields=first), pl.Struct(fields=second):
            here, there = ({field.name: _whole(field.dtype) for field in fields} for fields in (first, second))
            fields = {name: _wider(here.get(name, pl.Null()), there.get(name, pl.Null())) for name in here | there}
            known = {name: kind for name, kind in fields.items() if kind is not None}
            return pl.Struct(known) if len(known) == len(fields) else None
        case ((pl.String() | pl.Categorical() | pl.Enum()), (pl.String() | pl.Categorical() | pl.Enum())):
            return pl.String()
        case _ if one.is_integer() and other.is_integer():
            return None if pl.UInt64 in (one, other) else pl.Int64()
        case _ if one.is_numeric() and other.is_numeric():
            return pl.Float64()
        case _:
            return None
