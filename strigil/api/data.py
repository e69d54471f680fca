"""Data as Python has them: a path or an address, a frame of polars, a data set of `datasets`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Final, TypeAlias

import polars as pl

from strigil.common.errors import ConfigError
from strigil.common.scratch import scratch_folder
from strigil.data.hidden import HIDDEN
from strigil.data.layouts.layout import Reading, UnfitRows
from strigil.data.parquet import write_parquet
from strigil.data.readers import NamedFile
from strigil.data.tabular import Tabular
from strigil.releases.store import Split
from strigil.sources.open_rows import RowSource, open_files, open_rows
from strigil.workflows.release.suites import reading_for

if TYPE_CHECKING:
    from datasets import Dataset

Data: TypeAlias = "str | PathLike[str] | pl.DataFrame | pl.LazyFrame | Dataset"


_TYPES: Final = "a path or an address, a DataFrame or a LazyFrame of polars, or a datasets.Dataset"
# What people have at hand instead, by the name of its type: pandas has a DataFrame too.
_HINTS: Final[Mapping[str, str]] = {
    "DataFrame": "polars.from_pandas(data) makes a frame of it",
    "DatasetDict": "it holds several splits: give one, such as data['train']",
    "IterableDataset": "name the data set itself: OWNER/NAME@REVISION",
    "list": "polars.DataFrame(data) makes a frame of rows",
    "dict": "polars.DataFrame(data) makes a frame of columns",
    "Table": "polars.from_arrow(data) makes a frame of it",
}


@dataclass(frozen=True, repr=False)
class Rows(Tabular):
    """Rows as strigil reads them.

    Attributes:
        name: What they are called.
        layout: The layout that they are of.
        note: What was taken for what, and what the data do not say; None if there is nothing to tell.
        table: A line a row: its id, prompt and completion as messages, the data's further columns.
    """

    name: str
    layout: str
    note: str | None
    table: pl.DataFrame

    @property
    def title(self) -> str:
        """Their name, number and layout."""
        return f"{self.name}: {len(self):,} rows, layout {self.layout}"

    def to_polars(self) -> pl.DataFrame:
        """The table."""
        return self.table

    def __len__(self) -> int:
        """How many rows."""
        return self.table.height


def load(
    data: Data,
    *,
    split: Split = "clean",
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    rows: int | None = None,
) -> Rows:
    """Reads rows from anywhere, as every function here reads them.

    Args:
        data: A release, a file, a folder or a glob, here, on the Hub (`OWNER/NAME@REVISION:CONFIG/SPLIT`) or in a
            bucket (`s3://BUCKET/KEY`); or a frame of polars, or a `datasets.Dataset`.
        split: Which rows of a release.
        layout: What the columns mean, where these do not decide it, such as `question-answer`.
        columns: Which column is what: `{"prompt": "ask", "completion": "reply", "id": "uid"}`.
        rows: How many rows to read, from the first; all if None. Of data elsewhere, only what holds them is brought.

    Raises:
        ConfigError: There is no such data, split or layout, or data are of another type than those.
        DataError: The data cannot be read, or are of no layout, or of several.
        PrerequisiteError: They cannot be reached.

    Examples:
        >>> import polars as pl, strigil
        >>> sums = pl.DataFrame({"question": ["Two and two?", "And three?"], "answer": ["4", "An owl: 7"]})
        >>> rows = strigil.load(sums)
        >>> rows
        frame: 2 rows, layout question-answer
        >>> rows.to_polars()["completion"][1].to_list()
        [{'role': 'assistant', 'content': 'An owl: 7'}]
    """
    with opened(data, split, reading_of(layout, columns, rows)) as source:
        table = source.frame.collect()
        return Rows(source.name, source.layout.name, source.note, table.drop(HIDDEN, strict=False))


def reading_of(
    layout: str | None,
    columns: Mapping[str, str] | None,
    rows: int | None = None,
    *,
    suite: str | PathLike[str] | None = None,
    unfit: UnfitRows = "refuse",
) -> Reading:
    """What a caller says about data, and a suite that is named where the caller says nothing."""
    said = Reading(layout, tuple((columns or {}).items()), rows, unfit)
    return reading_for(None if suite is None else fspath(suite), said)


@contextmanager
def opened(data: Data, split: Split, reading: Reading) -> Iterator[RowSource]:
    """Opens data for as long as the context is.

    Raises:
        StrigilError: As for `open_rows`.
    """
    if isinstance(data, str | PathLike):
        with open_rows(fspath(data), split, reading=reading) as rows:
            yield rows
    else:
        with written(data, reading) as file, open_files([file]) as rows:
            yield rows


@contextmanager
def written(data: pl.DataFrame | pl.LazyFrame | Dataset, reading: Reading) -> Iterator[NamedFile]:
    """Data in memory as a file, for as long as the context is.

    Raises:
        ConfigError: They are of no type that is read.
    """
    with scratch_folder() as folder:
        if isinstance(data, pl.DataFrame | pl.LazyFrame):
            file = NamedFile(folder / "frame.parquet", "frame", reading)
            write_parquet(data, file.path)
        elif _is_dataset(data):
            file = NamedFile(folder / "dataset.parquet", "dataset", reading)
            data.to_parquet(file.path)
        else:
            kind = type(data)
            message = f"data are {_TYPES}, and not of the type {kind.__qualname__} of {kind.__module__}"
            raise ConfigError(message, hint=_HINTS.get(kind.__name__))
        yield file


def _is_dataset(data: object) -> bool:
    """Whether it is a `datasets.Dataset`, without loading that library: where there is one, it is loaded."""
    if "datasets.arrow_dataset" not in sys.modules:
        return False
    from datasets import Dataset

    return isinstance(data, Dataset)
