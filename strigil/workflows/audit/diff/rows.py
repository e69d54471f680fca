"""Rows of two tables of any size against each other: what is compared are 64-bit digests, joined on disk-backed tables.

Of ten million rows on each side, two digests are the same by chance in 3 of 10^6 runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.coerce import plain_id, text_digests
from strigil.data.hidden import PLACE
from strigil.data.rows import completion_text, prompt_text
from strigil.data.streams import ParquetSink, iter_batches
from strigil.records.diff import Changes, Pairing, RowChange
from strigil.sources.open_rows import RowSource

FIRST: Final = 20
_KEYS: Final = pl.Schema(
    {
        "id": pl.UInt64,
        "text": pl.UInt64,
        "prompt_index": pl.Int64,
        "sample_index": pl.Int64,
        "file": pl.UInt32,
        "row": pl.Int64,
        "place": pl.Int64,
    }
)
_PAIR: Final = ("prompt_index", "sample_index")


@dataclass(frozen=True)
class Rows:
    """A side's rows in short: digests of ids and texts, and where each row is; `named` says whether it has ids."""

    source: RowSource
    keys: pl.LazyFrame
    rows: int
    named: bool


@dataclass(frozen=True)
class RowDifference:
    """Rows by what became of them."""

    paired_by: Pairing
    same: int
    added: Changes
    removed: Changes
    changed: Changes


@dataclass(frozen=True)
class _Seen:
    row_id: str
    file: str
    row: int
    text: str | None


def digest_rows(source: RowSource, file: Path) -> Rows:
    """Reads a side once, batch by batch; `file` receives the digests.

    Raises:
        DataError: The rows cannot be read, or there are none.
    """
    paired = "prompt_index" in source.columns
    with ParquetSink(file, _KEYS) as sink:
        for number, table in enumerate(source.tables):
            start = 0
            for batch in iter_batches(table.frame, source=table.name):
                sink.write(_digests(batch, number, start=start, place=sink.rows, paired=paired))
                start += batch.height
        if not sink.rows:
            message = f"{source.address} has no rows to compare"
            raise DataError(message)
        count = sink.rows
        sink.close({})
    return Rows(source, pl.scan_parquet(file), count, named="row_id" in source.columns)


def compare_rows(before: Rows, after: Rows, *, show_text: bool) -> RowDifference:
    """Pairs rows by their ids, and what is left by prompt and sample; by their texts where a side has no ids.

    A key that comes several times is paired as often as both sides have it.
    """
    paired_by: Pairing = "row id" if before.named and after.named else "text"
    key = "id" if paired_by == "row id" else "text"
    both = _numbered(before.keys, key).join(_numbered(after.keys, key), on=[key, "nth"], how="full", suffix="_after")
    same = (pl.col("text") == pl.col("text_after")).fill_null(value=False)
    columns = ("place", "place_after", *_PAIR, *(f"{name}_after" for name in _PAIR))
    equal, found = pl.collect_all(
        [both.select(same.sum().alias("rows")), both.filter(~same).select(columns)], engine="streaming"
    )
    rewritten = found.filter(pl.col("place").is_not_null() & pl.col("place_after").is_not_null())
    gone = found.filter(pl.col("place_after").is_null())
    new = found.filter(pl.col("place").is_null())
    later = [f"{name}_after" for name in _PAIR]
    pairs = (
        _numbered(gone.lazy().select("place", *_PAIR), *_PAIR)
        .join(
            _numbered(new.lazy().select("place_after", *later), *later),
            left_on=[*_PAIR, "nth"],
            right_on=[*later, "nth"],
            how="inner",
        )
        .select("place", "place_after")
        .collect(engine="streaming")
    )
    changed = pl.concat([rewritten.select("place", "place_after"), pairs])
    removed = gone.join(pairs, on="place", how="anti").select("place", "place_after")
    added = new.join(pairs, on="place_after", how="anti").select("place", "place_after")
    sides = (before, after)
    return RowDifference(
        paired_by,
        same=int(equal["rows"][0]),
        added=_changes(added, sides, show_text=show_text),
        removed=_changes(removed, sides, show_text=show_text),
        changed=_changes(changed, sides, show_text=show_text),
    )


def _digests(rows: pl.DataFrame, file: int, *, start: int, place: int, paired: bool) -> pl.DataFrame:
    whole = pl.struct(prompt_text().fill_null(""), completion_text().fill_null(""))
    pair = [pl.col(name) if paired else pl.lit(None, pl.Int64).alias(name) for name in _PAIR]
    return rows.select(
        pl.col("row_id").hash(seed=0).alias("id"),
        whole.hash(seed=1).alias("text"),
        *pair,
        file=pl.lit(file, pl.UInt32),
        row=pl.int_range(start + 1, start + 1 + pl.len(), dtype=pl.Int64),
        place=pl.int_range(place, place + pl.len(), dtype=pl.Int64),
    )


def _numbered(keys: pl.LazyFrame, *names: str) -> pl.LazyFrame:
    """Tells rows of one key apart by their order."""
    return keys.with_columns(nth=pl.int_range(pl.len()).over(*names))


def _changes(found: pl.DataFrame, sides: tuple[Rows, Rows], *, show_text: bool) -> Changes:
    order = pl.coalesce("place_after", "place")
    first = found.sort(order).head(FIRST)
    before, after = (
        _look_up(side, first[name].drop_nulls(), show_text=show_text)
        for side, name in zip(sides, ("place", "place_after"), strict=True)
    )
    return Changes(
        rows=found.height,
        first=[_merge(before.get(place), after.get(later)) for place, later in first.iter_rows()],
    )


def _merge(before: _Seen | None, after: _Seen | None) -> RowChange:
    where = after or before
    if where is None:
        message = "a row that is on neither side"
        raise AssertionError(message)
    return RowChange(
        before=None if before is None else before.row_id,
        after=None if after is None else after.row_id,
        file=where.file,
        row=where.row,
        text_before=None if before is None else before.text,
        text_after=None if after is None else after.text,
    )


def _look_up(side: Rows, places: pl.Series, *, show_text: bool) -> dict[int, _Seen]:
    """The rows at a few places, read again from their files."""
    if places.is_empty():
        return {}
    wanted = side.keys.filter(pl.col("place").is_in(places.implode())).collect()
    seen = {}
    for (number,), keys in wanted.group_by("file"):
        table = side.source.tables[int(str(number))]
        there = table.frame.with_row_index(PLACE, offset=1).filter(pl.col(PLACE).is_in(keys["row"].implode()))
        rows = there.collect(engine="streaming")
        texts = rows.select(completion_text()).to_series()
        ids = [plain_id(*pair) for pair in zip(rows["row_id"], text_digests(rows), strict=True)]
        at = dict(keys.select("row", "place").iter_rows())
        for row, row_id, text in zip(rows[PLACE], ids, texts, strict=True):
            seen[at[row]] = _Seen(row_id, table.name, row, text if show_text else None)
    return seen
