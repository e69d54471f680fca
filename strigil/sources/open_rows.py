"""The one door for rows: a release, files or a glob, a data set on the Hub, a bucket; all give the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.canonical import Json, file_digest
from strigil.common.scratch import scratch_folder
from strigil.data.coerce import as_rows, shape_of
from strigil.data.form import Form
from strigil.data.layouts.layout import OWN, Layout, Reading, check_mapped, layout_of, renamed
from strigil.data.parser_process import open_tables
from strigil.data.readers import NamedFile, Table
from strigil.data.rows import check_token_columns
from strigil.data.unfit import Unfit, fault_of, find_unfit, refuse_unfit
from strigil.releases.store import Problem, Release, Split, changed_release, check_split
from strigil.sources.find import Found, find

_MAPPED: Final = "prompt-completion"
_PLAIN: Final = frozenset({OWN, _MAPPED})


@dataclass(frozen=True)
class RowSource:
    """Rows that were found, each file a row table (`strigil.data.rows.ROWS`, then the data's further columns).

    Attributes:
        address: What the user called them.
        split: The part that they are, of a release.
        files: Where they are on this machine.
        tables: The files' rows, lazily, in order.
        columns: The columns that the data have themselves, with their types.
        own: The names of these columns on disk, in order.
        layout: The layout that they are of.
        absent: Columns that hold only placeholders, since the data lack them.
        release: The release that they are of, if they are of one.
        problems: Where that release is not what its manifest says.
        place: What a moving name stood for: the commit.
        called: What their folder or data set is called, if they have one.
        limit: How many rows were asked for, from the first; None: all.
        unfit: Rows that were left out, since nobody can judge them as a whole.
    """

    address: str
    split: Split
    files: tuple[NamedFile, ...]
    tables: tuple[Table, ...]
    columns: pl.Schema
    own: tuple[str, ...]
    layout: Layout
    absent: frozenset[str]
    release: Release | None = None
    problems: tuple[Problem, ...] = ()
    place: str | None = None
    called: str | None = None
    limit: int | None = None
    unfit: tuple[Unfit, ...] = ()

    @property
    def name(self) -> str:
        """The release's, the folder's or the data set's on the Hub, else the first file's without its suffixes."""
        if self.release is not None:
            return self.release.manifest.name
        return self.called or self.files[0].path.name.partition(".")[0]

    @property
    def label(self) -> str:
        """What progress and score tables call them."""
        release = self.release
        return self.address if release is None else f"{release.manifest.name} {release.manifest.version}"

    @property
    def count(self) -> int:
        """Number of rows."""
        return sum(table.rows for table in self.tables)

    @cached_property
    def frame(self) -> pl.LazyFrame:
        """All rows, lazily, in order; a column without any value is text."""
        whole = pl.concat([table.frame for table in self.tables], how="vertical_relaxed")
        nothing = [name for name, kind in whole.collect_schema().items() if kind == pl.Null]
        return whole.with_columns(pl.col(nothing).cast(pl.String)) if nothing else whole

    @cached_property
    def schema(self) -> pl.Schema:
        """Of `frame`."""
        return self.frame.collect_schema()

    @property
    def form(self) -> Form:
        """What a release of these rows is written in."""
        return Form() if self.layout.name == OWN else Form(self.layout.name, self.files[0].reading.columns)

    def as_came(self, stored: pl.LazyFrame) -> pl.LazyFrame:
        """A table that was written of some of these rows, with the columns that the data had, and no other."""
        return stored.select(self.own)

    @property
    def identity(self) -> Json:
        """Decides the rows: the same value means the same rows."""
        first: list[Json] = [] if self.limit is None else [self.limit]
        if self.release is not None:
            return [self.release.manifest.digest(), self.split, *first]
        digests: list[Json] = [file_digest(file.path) for file in self.files]
        return [
            self.layout.name,
            self.files[0].reading.columns,
            digests,
            *first,
            *(["without unfit"] if self.unfit else []),
        ]

    @property
    def note(self) -> str | None:
        """One line on where moving names led and what the data do not say; None if there is nothing to tell."""
        said = [] if self.place is None else [self.place]
        unfit = sum(one.rows for one in self.unfit)
        if self.limit is not None:
            said.append(f"the first {self.count + unfit:,} rows alone")
        if mapped := self.files[0].reading.columns:
            said.append(", ".join(f"{column} as {name}" for name, column in mapped))
        elif self.layout.name not in _PLAIN:
            said.append(f"layout {self.layout.name}, {self.layout.taken}")
        if unfit:
            said.append(f"{unfit:,} rows that nobody can judge are left out")
        if self.absent:
            said.append(f"without {', '.join(sorted(self.absent))}, so no rule that reads one of these can judge it")
        return f"{self.address}: {'; '.join(said)}" if said else None


@contextmanager
def open_rows(
    address: str, split: Split = "clean", *, reading: Reading | None = None, accept_changed: bool = False
) -> Iterator[RowSource]:
    """Opens rows; what is brought from elsewhere, or unpacked, is gone afterwards.

    Args:
        address: A release's folder, a file of rows, a glob or a folder of them, `OWNER/NAME@REVISION:CONFIG/SPLIT` or
            `hf://datasets/OWNER/NAME@REVISION/PATH` on the Hub, or `s3://BUCKET/KEY`.
        split: Which rows of a release; other data have only one part.
        reading: What the columns mean, of other data than releases; if not given, the columns decide.
        accept_changed: Whether to open a release that is not what its manifest says; its `problems` then say so.

    Raises:
        CheckFailedError: A release is not what its manifest says.
        ConfigError: There is no such data, or no such split or layout.
        DataError: The data cannot be read, or are of no layout, or of several.
        PrerequisiteError: They cannot be reached.
    """
    check_split(split)
    with scratch_folder() as folder:
        rows = None if reading is None else reading.rows
        found = find(address, split, folder / "data", rows=rows)
        if found.problems and not accept_changed:
            raise changed_release(address, found.problems)
        if reading is not None and found.release is None:
            found = replace(found, files=[replace(file, reading=reading) for file in found.files])
        yield _rows(address, split, found, folder, rows)


@contextmanager
def open_files(files: Sequence[NamedFile]) -> Iterator[RowSource]:
    """Opens rows that another process found, from their files on this machine.

    Raises:
        DataError: As `open_rows`.
    """
    with scratch_folder() as folder:
        yield _rows(files[0].name, "clean", Found(list(files)), folder, files[0].reading.rows)


@contextmanager
def open_columns(address: str) -> Iterator[pl.LazyFrame]:
    """Opens tables as they are, whatever their columns.

    Raises:
        CheckFailedError: A release is not what its manifest says.
        ConfigError: As `open_rows`.
        DataError: The tables cannot be read.
        PrerequisiteError: As `open_rows`.
    """
    with scratch_folder() as folder:
        found = find(address, "clean", folder / "data")
        if found.problems:
            raise changed_release(address, found.problems)
        yield pl.concat([table.frame for table in open_tables(found.files, folder)], how="vertical_relaxed")


def _rows(address: str, split: Split, found: Found, folder: Path, limit: int | None) -> RowSource:
    tables = _first(open_tables(found.files, folder), limit)
    reading = found.files[0].reading
    frames = [renamed(table.frame, reading.columns, source=table.name) for table in tables]
    columns = frames[0].collect_schema()
    # Whoever says which column is the completion has said all.
    named = reading.layout or (_MAPPED if "completion" in dict(reading.columns) else None)
    layout = layout_of(columns, named, source=address)
    check_mapped(layout, reading.columns)
    own = tuple(tables[0].frame.collect_schema().names())
    shape = shape_of(
        columns,
        layout,
        given=own,
        mapped=[column for _, column in reading.columns],
        source=address,
    )
    check_token_columns(columns, source=address)
    # The rows of a release were fit when it was written.
    fault = None if found.release is not None else fault_of(columns, layout, source=address)
    unfit: list[Unfit] = []
    names: list[str] = []
    rows: list[Table] = []
    start = 0
    for table, given in zip(tables, frames, strict=True):
        wrong = [] if fault is None else find_unfit(given, fault, source=table.name)
        frame = as_rows(given, shape, start=start, fault=fault if wrong else None)
        names = names or frame.collect_schema().names()
        rows.append(Table(table.name, frame.select(names), table.rows - sum(one.rows for one in wrong)))
        start += table.rows
        unfit += wrong
    if reading.unfit == "refuse" or not any(table.rows for table in rows):
        refuse_unfit(unfit)
    absent = shape.absent if found.release is None else shape.absent | set(found.release.manifest.absent)
    return RowSource(
        address,
        split,
        tuple(found.files),
        tuple(rows),
        columns,
        own,
        layout,
        absent,
        release=found.release,
        problems=found.problems,
        place=found.place,
        called=found.name,
        limit=limit,
        unfit=tuple(unfit),
    )


def _first(tables: list[Table], limit: int | None) -> list[Table]:
    if limit is None:
        return tables
    parts = []
    for table in tables:
        if limit > 0:
            parts.append(Table(table.name, table.frame.head(limit), min(limit, table.rows)))
            limit -= table.rows
    return parts
