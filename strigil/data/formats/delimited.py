"""CSV and TSV: everything is text but what is a number, or true or false, in each line and without loss."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.hidden import check_columns
from strigil.data.limits import check_width
from strigil.data.lines import LONGEST_LINE, check_lines

# Of 16 figures a float keeps only some; those after so many before the point.
_FIGURES: Final = 15
_FLOATS: Final = "|".join(
    [
        rf"0(\.0*[0-9]{{1,{_FIGURES}}})?",
        *(rf"[1-9][0-9]{{{more}}}(\.[0-9]{{1,{_FIGURES - 1 - more}}})?" for more in range(_FIGURES - 1)),
        rf"[1-9][0-9]{{{_FIGURES - 1}}}",
    ]
)
# 007 is no number.
_KINDS: Final[Mapping[pl.DataType, str]] = {
    pl.Int64(): r"^(0|-?[1-9][0-9]{0,17})$",
    pl.Float64(): rf"^-?({_FLOATS})([eE][+-]?[0-9]{{1,2}})?$",
    pl.Boolean(): "^(true|false)$",
}


def scan_delimited(source: Path, *, name: str, separator: str, texts: Collection[str]) -> pl.LazyFrame:
    """A table of separated values; `texts` are columns in which a number is a text that looks like one.

    Raises:
        DataError: It is not UTF-8, a line has more or fewer fields than the first, or a column is there twice.
    """
    check_lines(source, name=name)
    columns = _check_fields(source, name=name, separator=separator)
    table = pl.scan_csv(source, separator=separator, infer_schema=False)
    guessed = [column for column in columns if column not in texts]
    if not guessed:
        return table
    fits = {
        f"{place} {kind}": pl.col(column).str.contains(pattern).all() & pl.col(column).is_not_null().any()
        for place, column in enumerate(guessed)
        for kind, pattern in _KINDS.items()
    }
    found = table.select(**fits).collect(engine="streaming").row(0, named=True)
    casts = [
        next((_as(kind, pl.col(column)) for kind in _KINDS if found[f"{place} {kind}"]), None)
        for place, column in enumerate(guessed)
    ]
    return table.with_columns(cast for cast in casts if cast is not None)


def _as(kind: pl.DataType, text: pl.Expr) -> pl.Expr:
    return text == "true" if kind == pl.Boolean else text.cast(kind)


def _check_fields(source: Path, *, name: str, separator: str) -> list[str]:
    """The names of the columns, once it is clear that every line has a field for each of them and no more."""
    csv.field_size_limit(LONGEST_LINE)
    with source.open(encoding="utf-8-sig", newline="") as stream:
        records = csv.reader(stream, delimiter=separator, strict=True)
        try:
            names = next(records, [])
            check_width(len(names), name=name)
            for record in records:
                if record and len(record) != len(names):
                    message = f"{name}: line {records.line_num} has {len(record)} fields, and the first {len(names)}"
                    raise DataError(message, hint="put a text that holds the separator or a quote into quotes")
        except csv.Error as error:
            message = f"cannot read {name}: line {records.line_num}: {error}"
            raise DataError(message) from error
    check_columns(names, source=name)
    return names
