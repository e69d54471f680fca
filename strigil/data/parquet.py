"""Writing Parquet whole, by rename, and reading it lazily."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from strigil.common.disk import cannot_write, is_full, refused
from strigil.common.errors import DataError
from strigil.common.files import whole_file


def write_parquet(frame: pl.DataFrame | pl.LazyFrame, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Writes a table to a temporary name and renames it; a lazy one is streamed and never held whole.

    Raises:
        DataError: The file cannot be written, and what was there before stays.
        PrerequisiteError: The disk is full.
    """
    with whole_file(path) as temporary:
        try:
            with full_disk_named(path, temporary):
                frame.lazy().sink_parquet(temporary, metadata=dict(metadata or {}))
        except (OSError, pl.exceptions.ComputeError) as error:
            message = f"cannot write {path}: {str(error).rpartition(': ')[2]}"
            raise DataError(message, hint="the same command goes on with what was written before") from error


@contextmanager
def full_disk_named(path: Path, temporary: Path) -> Iterator[None]:
    """While polars writes a file at a temporary name: a disk that is full is a line that names the path.

    Of a file's end polars says nothing but "transport error": the file system is asked once more.

    Raises:
        PrerequisiteError: The disk is full.
    """
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        behind = error if is_full(error) else refused(temporary)
        if behind is not None and is_full(behind):
            raise cannot_write(path, behind) from error
        raise


def scan_parquet(files: list[Path], *, schema: pl.Schema) -> pl.LazyFrame:
    """A lazy table over Parquet files in the order given; no files give an empty table of the schema."""
    return pl.scan_parquet(files) if files else pl.LazyFrame(schema=schema)
