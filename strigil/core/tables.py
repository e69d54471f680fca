"""Reading and writing Parquet: whole files by rename, and errors that name the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from strigil.core.errors import DataError


def write_parquet(frame: pl.DataFrame | pl.LazyFrame, path: Path, *, metadata: Mapping[str, str] | None = None) -> None:
    """Writes a table to a temporary name and renames it; a lazy one is streamed and never held whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.tmp")
    frame.lazy().sink_parquet(temporary, metadata=dict(metadata or {}))
    temporary.replace(path)


def scan_parquet(files: list[Path], *, schema: pl.Schema) -> pl.LazyFrame:
    """A lazy table over Parquet files in the order given; no files give an empty table of the schema."""
    return pl.scan_parquet(files) if files else pl.LazyFrame(schema=schema)


def read_table(path: Path) -> pl.DataFrame:
    """A Parquet, JSONL or CSV file, by its suffix.

    Raises:
        DataError: The file is missing, unreadable, damaged or of another kind.
    """
    readers = {".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson, ".csv": pl.read_csv}
    reader = readers.get(path.suffix)
    if reader is None:
        message = f"cannot read {path}: expected a .parquet, .jsonl or .csv file, or a release folder"
        raise DataError(message)
    try:
        return reader(path)
    except OSError as error:
        message = f"cannot read {path}: {error.strerror or error}"
        raise DataError(message) from error
    except pl.exceptions.PolarsError as error:
        message = f"cannot read {path}: {str(error).splitlines()[0]}"
        raise DataError(message) from error
