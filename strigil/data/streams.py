"""Tables larger than memory: read in batches, written batch by batch, whole files by rename."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl

from strigil.common.disk import Writing
from strigil.common.errors import StrigilError
from strigil.data.unreadable import unreadable

BATCH_ROWS = 100_000
SHARD_ROWS = 1_000_000


def iter_batches(frame: pl.LazyFrame, *, source: str, rows: int = BATCH_ROWS) -> Iterator[pl.DataFrame]:
    """The table in order, `rows` rows at a time; never more than a few batches are in memory.

    Raises:
        DataError: A line or a page cannot be read; the message begins with `source`.
    """
    try:
        yield from frame.collect_batches(chunk_size=rows, maintain_order=True, lazy=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(source, error) from error


def count_rows(frame: pl.LazyFrame, *, source: str) -> int:
    """Number of rows; of Parquet files, their footers say it.

    Raises:
        DataError: The table cannot be read.
    """
    try:
        return int(frame.select(pl.len()).collect().item())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(source, error) from error


class ParquetSink:
    """A Parquet file that grows by batches; it has its name only when `close` was called.

    Args:
        path: The file.
        schema: Of every batch.
        plain: Whether readers are to find plain strings and lists, as most data sets have them, and not Arrow's types.
    """

    def __init__(self, path: Path, schema: pl.Schema, *, plain: bool = False) -> None:
        import pyarrow.parquet as pq

        path.parent.mkdir(parents=True, exist_ok=True)
        self.rows = 0
        self._path = path
        self._temporary = path.with_name(f".{path.name}.tmp")
        arrow = schema.to_frame().to_arrow().schema
        self._schema = schema
        try:
            with Writing(path):
                self._writer = pq.ParquetWriter(self._temporary, arrow, compression="zstd", store_schema=not plain)
        except (OSError, StrigilError):
            self._temporary.unlink(missing_ok=True)
            raise

    def write(self, batch: pl.DataFrame) -> None:
        """Appends a batch as one row group; an empty one leaves no trace."""
        if batch.is_empty():
            return
        with Writing(self._path):
            self._writer.write_table(batch.select(list(self._schema)).cast(self._schema).to_arrow())
        self.rows += batch.height

    def close(self, metadata: Mapping[str, str]) -> None:
        """Completes the file, keeps `metadata` in it and gives it its name."""
        with Writing(self._path):
            self._writer.add_key_value_metadata(dict(metadata))
            self._writer.close()
            self._temporary.replace(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # On a disk that is full it has more to write, and cannot.
            if self._writer.is_open:
                with Writing(self._path):
                    self._writer.close()
        finally:
            self._temporary.unlink(missing_ok=True)


class ShardedSink:
    """Parquet files `part-00000.parquet`, … that grow by batches; they are there only when `close` was called.

    Args:
        folder: Where they go; parts that an interrupted run left there are removed.
        schema: Of every batch.
        metadata: Kept in each file.
        rows: Most rows of a file, unless a single batch has more.
    """

    def __init__(self, folder: Path, schema: pl.Schema, metadata: Mapping[str, str], *, rows: int = SHARD_ROWS) -> None:
        self._folder = folder
        self._incoming = folder / ".incoming"
        self._schema = schema
        self._metadata = metadata
        self._rows = rows
        self._parts = 0
        shutil.rmtree(self._incoming, ignore_errors=True)
        for stale in folder.glob("part-*.parquet"):
            stale.unlink()
        self._sink = self._next()

    def write(self, batch: pl.DataFrame) -> None:
        """Appends a batch, to a further file if this one would get too long."""
        if self._sink.rows and self._sink.rows + batch.height > self._rows:
            self._sink.close(self._metadata)
            self._sink = self._next()
        self._sink.write(batch)

    def close(self) -> None:
        """Completes the files and gives them their names."""
        self._sink.close(self._metadata)
        for part in sorted(self._incoming.iterdir()):
            part.replace(self._folder / part.name)
        self._incoming.rmdir()

    def _next(self) -> ParquetSink:
        sink = ParquetSink(self._incoming / f"part-{self._parts:05d}.parquet", self._schema, plain=True)
        self._parts += 1
        return sink

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._sink.__exit__(kind, error, trace)
        finally:
            shutil.rmtree(self._incoming, ignore_errors=True)
