"""The first rows of a file, wherever it is: what comes after them is not read."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from strigil.common.errors import DataError
from strigil.data.formats.arrow import write_parquet_of
from strigil.data.formats.kinds import ARROW, DELIMITED, PACKED, PARQUET, kind_of
from strigil.data.formats.unpack import open_unpacked
from strigil.data.limits import FREE_TEXT, UNPACKS_TO, check_footer, unpacks
from strigil.data.lines import BLOCK, LONGEST_LINE
from strigil.data.text_checks import beginning_of, write_lines
from strigil.data.unreadable import unreadable

_BATCH: Final = 256


@dataclass(frozen=True)
class Part:
    """The beginning of a file: where it is now, and how many rows it has, 0 if the file had to be taken whole."""

    path: Path
    rows: int


def write_first_rows(source: BinaryIO, target: Path, rows: int, *, size: int, name: str) -> Part:
    """Writes the first rows of a file; a packed one is unpacked, and Arrow becomes Parquet.

    Args:
        source: The file, from its beginning, in which any place can be sought.
        target: A path with the file's own name; the part may have another suffix.
        rows: How many.
        size: Bytes of the file.
        name: What messages call it.

    Raises:
        DataError: It is damaged as far as it is read, or far more than its size.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    kind, packed = kind_of(target), target.suffix in PACKED
    if kind in (PARQUET, *ARROW):
        if packed:
            with target.open("wb") as out:
                shutil.copyfileobj(source, out)
            return Part(target, 0)
        part = target.with_name(f"{target.name}{PARQUET}")
        if kind == PARQUET:
            return Part(part, _parquet(source, part, rows, size=size, name=name))
        return Part(part, write_parquet_of(pa.PythonFile(source, "r"), part, size=size, name=name, rows=rows))
    part = target.with_suffix("") if packed else target
    with open_unpacked(source, target, size=size, name=name) as stream:
        if kind in DELIMITED:
            return Part(part, _records(stream, part, rows, name=name, separator=DELIMITED[kind]))
        if beginning_of(stream.peek(BLOCK)).array:
            return Part(part, _values(stream, part, rows, name=name))
        return Part(part, _lines(stream, part, rows, name=name))


def _parquet(source: BinaryIO, target: Path, rows: int, *, size: int, name: str) -> int:
    left, allowed = rows, size * UNPACKS_TO + FREE_TEXT
    try:
        with pq.ParquetFile(source) as file, pq.ParquetWriter(target, file.schema_arrow) as writer:
            check_footer(file, size=size, name=name)
            # One group at a time, and only those that are needed.
            for group in range(file.num_row_groups):
                for whole in file.iter_batches(batch_size=_BATCH, row_groups=[group]) if left else ():
                    batch = whole.slice(0, left)
                    left, allowed = left - batch.num_rows, allowed - batch.nbytes
                    if allowed < 0:
                        raise unpacks(name)
                    writer.write_batch(batch)
                    if not left:
                        break
    except (pa.ArrowException, RecursionError) as error:
        raise unreadable(name, error) from error
    return rows - left


def _values(stream: BinaryIO, target: Path, rows: int, *, name: str) -> int:
    """The first values of an array, as one."""
    lines = target.with_name(f"{target.name}-lines")
    found = write_lines(stream, lines, name=name, array=True, rows=rows)
    with lines.open(encoding="utf-8", newline="\n") as values, target.open("w", encoding="utf-8", newline="\n") as out:
        for place, value in enumerate(values):
            out.write(f"{',' if place else '['}{value}")
        out.write("]" if found else "[]")
    lines.unlink()
    return found


def _lines(stream: BinaryIO, target: Path, rows: int, *, name: str) -> int:
    found = 0
    with target.open("wb") as out:
        for line in _bounded(stream, name=name):
            if found == rows:
                break
            out.write(line)
            found += not line.isspace()
    return found


def _records(stream: BinaryIO, target: Path, rows: int, *, name: str, separator: str) -> int:
    """The line of names and so many records, each of as many lines as its quotes span."""
    csv.field_size_limit(LONGEST_LINE)
    found = -1
    with target.open("wb") as out:

        def copied() -> Iterator[str]:
            for line in _bounded(stream, name=name):
                out.write(line)
                yield line.decode(errors="replace")

        try:
            for record in csv.reader(copied(), delimiter=separator):
                found += bool(record)
                if found == rows:
                    break
        except csv.Error as error:
            message = f"cannot read {name}: {error}"
            raise DataError(message) from error
    return found


def _bounded(stream: BinaryIO, *, name: str) -> Iterator[bytes]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            message = f"{name}: line {number} is longer than {LONGEST_LINE >> 20} MiB"
            raise DataError(message)
        yield line
