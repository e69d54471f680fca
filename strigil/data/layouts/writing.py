"""A completion back into the column that it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from strigil.data.rows import completion_text

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass


def written(column: str, kind: pl.DataType) -> pl.Expr:
    """A column with a row table's completion as its text, or as the content of its last message."""
    text = completion_text()
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return text.cast(kind)
    last = pl.col(column).list.last()
    fields = {field.name: (last.struct.field(field.name), field.dtype) for field in kind.inner.fields}
    new = [
        (_content(there, held, text) if name in {"content", "value"} else there).alias(name)
        for name, (there, held) in fields.items()
    ]
    return pl.concat_list(pl.col(column).list.head(pl.col(column).list.len() - 1), pl.struct(new))


def _content(there: pl.Expr, kind: pl.DataType | DataTypeClass, text: pl.Expr) -> pl.Expr:
    """A content as it is, where its text is the same; in parts, the text is in one of them."""
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return text
    same = there.list.eval(pl.element().struct.field("text")).list.join("", ignore_nulls=True) == text
    parts = {"type": pl.lit("text"), "text": text}
    part = pl.struct(parts.get(one.name, pl.lit(None, one.dtype)).alias(one.name) for one in kind.inner.fields)
    return pl.when(same).then(there).otherwise(pl.concat_list(part))
