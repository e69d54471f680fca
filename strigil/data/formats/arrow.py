"""Arrow IPC, as a file (Feather 2) or as a stream, which is what `datasets` keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import polars as pl
import pyarrow as pa

from strigil.data.hidden import check_columns
from strigil.data.limits import DEEPEST, FREE_TEXT, UNPACKS_TO, WIDEST, check_width, unpacks
from strigil.data.streams import ParquetSink
from strigil.data.unreadable import unreadable

_MAGIC: Final = b"ARROW1"
_GROUP: Final = 64 << 20
_Reader: TypeAlias = "pa.ipc.RecordBatchFileReader | pa.RecordBatchStreamReader"


def scan_arrow(source: Path, scratch: Path, *, name: str) -> pl.LazyFrame:
    """The table, written anew as Parquet, a record batch at a time; each batch is checked before anything reads it.

    Args:
        source: The file, unpacked.
        scratch: Receives the Parquet file; it must outlive the table.
        name: What messages call the file.

    Raises:
        DataError: It is damaged, far more than its size, too deep or too wide, or its columns cannot be told apart.
    """
    with pa.memory_map(str(source)) as mapped:
        write_parquet_of(mapped, scratch, size=source.stat().st_size, name=name)
    return pl.scan_parquet(scratch)


def write_parquet_of(source: pa.NativeFile, target: Path, *, size: int, name: str, rows: int | None = None) -> int:
    """Writes a table anew as Parquet, or so many of its first rows, and returns how many it wrote.

    Args:
        source: The file or stream, from its beginning.
        target: The Parquet file.
        size: Bytes of the source.
        name: What messages call it.
        rows: How many rows at most.

    Raises:
        DataError: As `scan_arrow`.
    """
    allowed = size * UNPACKS_TO + FREE_TEXT
    is_file = source.read(len(_MAGIC)) == _MAGIC
    source.seek(0)
    try:
        opened = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        check_columns(opened.schema.names, source=name)
        _check_nesting(opened.schema, name=name)
        with ParquetSink(target, pl.DataFrame(opened.schema.empty_table()).schema) as sink:
            for batches in _groups(opened, rows):
                allowed -= sum(batch.nbytes for batch in batches)
                if allowed < 0:
                    raise unpacks(name)
                for batch in batches:
                    batch.validate(full=True)
                sink.write(pl.DataFrame(pa.Table.from_batches(batches)))
            sink.close({})
            return sink.rows
    except (OSError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise unreadable(name, error) from error


def _groups(opened: _Reader, rows: int | None) -> Iterator[list[pa.RecordBatch]]:
    """Batches, as many at a time as make a row group: `datasets` writes a thousand rows a batch."""
    if isinstance(opened, pa.RecordBatchStreamReader):
        batches: Iterator[pa.RecordBatch] = iter(opened)
    else:
        batches = (opened.get_batch(place) for place in range(opened.num_record_batches))
    group: list[pa.RecordBatch] = []
    size = count = 0
    for whole in batches:
        batch = whole if rows is None else whole.slice(0, rows - count)
        group.append(batch)
        size, count = size + batch.nbytes, count + batch.num_rows
        if size > _GROUP:
            yield group
            group, size = [], 0
        if count == rows:
            break
    if group:
        yield group


def _check_nesting(schema: pa.Schema, *, name: str) -> None:
    check_width(sum(_leaves(field.type) for field in schema), name=name)


def _leaves(kind: pa.DataType, depth: int = 1) -> int:
    """The columns that a type is stored as; too many of one that is too deep."""
    if depth > DEEPEST:
        return WIDEST + 1
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return sum(_leaves(one, depth + 1) for one in inner) or 1
