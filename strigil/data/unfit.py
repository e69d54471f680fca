"""Rows that nobody can judge as a whole: no conversation that an assistant ends, or pictures and sounds beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.hidden import PLACE
from strigil.data.layouts.layout import Layout
from strigil.data.streams import iter_batches
from strigil.data.turns import wrong_with

# Source: https://huggingface.co/docs/trl/dataset_formats, "Vision datasets", and LLaMA-Factory's data/README.md.
_MEDIA: Final = ("image", "images", "video", "videos", "audio", "audios")

_LISTED: Final = 20


@dataclass(frozen=True)
class Unfit:
    """Rows of one file with one fault.

    Attributes:
        what: The fault, as messages say it.
        rows: How many.
        first: The first of them, counted from 1.
        file: What the user knows the file by.
    """

    what: str
    rows: int
    first: int
    file: str


def fault_of(schema: pl.Schema, layout: Layout, *, source: str) -> pl.Expr | None:
    """What is wrong with each row of a table, null where nothing is; None where nothing can be.

    Args:
        schema: Of the table.
        layout: Its layout.
        source: What messages call the table.

    Raises:
        DataError: A column holds what the layout cannot be made of.
    """
    faults = [_beside(name, schema[name]) for name in _MEDIA if name in schema]
    if lists := [name for name in sorted(layout.reads(schema)) if schema[name].is_nested()]:
        faults.append(_said(" and ".join(map(repr, reversed(lists))), layout.turns(schema, source=source)))
    for name, other in layout.others(schema, source=source).items():
        if schema[name].is_nested():
            faults.append(_said(repr(name), other))
    return pl.coalesce(faults) if faults else None


def find_unfit(table: pl.LazyFrame, fault: pl.Expr, *, source: str) -> list[Unfit]:
    """The faults of a table's rows, the first one first; it is read once.

    Raises:
        DataError: It cannot be read.
    """
    places = table.select(what=fault).with_row_index(PLACE, offset=1).filter(pl.col("what").is_not_null())
    groups = places.group_by("what").agg(pl.len().alias("rows"), pl.col(PLACE).min().alias("first")).sort("first")
    return [
        Unfit(what, rows, first, source)
        for batch in iter_batches(groups, source=source)
        for what, rows, first in batch.iter_rows()
    ]


def counted(unfit: Iterable[Unfit]) -> dict[str, int]:
    """How many rows have which fault, those that most have first."""
    counts: Counter[str] = Counter()
    for one in unfit:
        counts[one.what] += one.rows
    most = dict(counts.most_common(_LISTED))
    others = counts.total() - sum(most.values())
    return most | ({"others": others} if others else {})


def refuse_unfit(unfit: Iterable[Unfit]) -> None:
    """Makes sure that there are no such rows.

    Raises:
        DataError: There are; the message names the first one, and says how many more there are.
    """
    found = list(unfit)
    if not found:
        return
    first, more = found[0], sum(one.rows for one in found) - 1
    message = f"{first.file}: row {first.first}: {first.what}"
    mend = "leave the column out to judge the texts alone"
    if first.what.startswith("the conversation"):
        mend = "mend them: a row ends with the assistant's answer"
    raise DataError(
        f"{message}; {more:,} more rows have such a fault" if more else message,
        hint=f"leave such rows out, as strigil audit --unfit drop does, or {mend}",
    )


def _beside(name: str, kind: pl.DataType) -> pl.Expr:
    """Of a column of pictures, sounds or films, or of the names of their files, where there is one."""
    column = pl.col(name)
    there = column.list.len() > 0 if isinstance(kind, pl.List) else column.is_not_null()
    if kind == pl.String:
        there = column != ""
    return pl.when(there).then(pl.lit(f"the column {name!r} holds what no rule can judge"))


def _said(column: str, turns: pl.Expr) -> pl.Expr:
    return pl.format("the conversation in {} {}", pl.lit(column), wrong_with(turns))
