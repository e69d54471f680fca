"""The form of a release's tables: the project's own columns, or those of the data that its rows came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from strigil.data.coerce import as_rows, shape_of
from strigil.data.hidden import GIVEN, HIDDEN
from strigil.data.layouts.layout import LAYOUTS, OWN, Reading, renamed
from strigil.data.rows import TOKEN_COLUMNS, completion_text
from strigil.data.texts import fields_of
from strigil.data.turns import text_field, text_of

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass


@dataclass(frozen=True)
class Form:
    """How tables are written, and how they become rows again.

    Attributes:
        layout: Their layout.
        columns: `prompt`, `completion` or another column, and the table's column to take for it.
    """

    layout: str = OWN
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def reading(self) -> Reading:
        """How to read them."""
        return Reading() if self.layout == OWN else Reading(self.layout, self.columns)

    def rows(self, table: pl.LazyFrame, *, source: str) -> pl.LazyFrame:
        """A table as a row table, in the project's own columns and the table's further ones.

        Raises:
            DataError: It is not of this form.
        """
        if self.layout == OWN:
            return table
        given = table.collect_schema().names()
        named = renamed(table, self.columns, source=source)
        schema = named.collect_schema()
        mapped = [column for _, column in self.columns]
        shape = shape_of(schema, LAYOUTS.create(self.layout), given=given, mapped=mapped, source=source)
        return as_rows(named, shape).drop(HIDDEN, strict=False)

    def answered(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows whose completions changed, with these in the columns that they will be written in."""
        given = rows.collect_schema().get(GIVEN)
        if not isinstance(given, pl.Struct):
            return rows
        answers = LAYOUTS.create(self.layout).answers
        target = dict(self.columns).get(answers, answers)
        fields = [
            _answered(pl.col(GIVEN).struct.field(field.name), field.dtype).alias(field.name)
            if field.name == target
            else pl.col(GIVEN).struct.field(field.name)
            for field in given.fields
        ]
        return rows.with_columns(pl.struct(fields).alias(GIVEN))


def stored(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as they are written: in their own columns, with the row's id and token columns beside them."""
    if GIVEN not in rows.columns:
        return rows.drop(HIDDEN, strict=False)
    given = rows.select(GIVEN).unnest(GIVEN)
    beside = [name for name in ("row_id", *TOKEN_COLUMNS) if name in rows.columns and name not in given.columns]
    return pl.concat([given, rows.select(beside)], how="horizontal")


def _answered(there: pl.Expr, kind: pl.DataType | DataTypeClass) -> pl.Expr:
    """A column with the completion as its text, or as the content of its last message."""
    text = completion_text()
    if isinstance(kind, pl.Struct):
        return _message(there, kind, text)
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return text.cast(kind)
    return pl.concat_list(there.list.head(there.list.len() - 1), _message(there.list.last(), kind.inner, text))


def _message(there: pl.Expr, kind: pl.Struct, text: pl.Expr) -> pl.Expr:
    return pl.struct(
        (_content(field.value, field.kind, text) if field.name in {"content", "value"} else field.value).alias(
            field.name
        )
        for field in fields_of(there, kind.fields)
    )


def _content(there: pl.Expr, kind: pl.DataType | DataTypeClass, text: pl.Expr) -> pl.Expr:
    """A content as it is, where its text is the same; in parts, the text is in one of them."""
    if not isinstance(kind, pl.List) or not isinstance(kind.inner, pl.Struct):
        return text
    kinds = {one.name: one.dtype for one in kind.inner.fields}
    spoken = text_field(kinds)
    parts = {"type": pl.lit("text"), spoken: text}
    part = pl.struct(parts.get(name, pl.lit(None, held)).alias(name) for name, held in kinds.items())
    return pl.when(text_of(there, kind) == text).then(there).otherwise(pl.concat_list(part))
