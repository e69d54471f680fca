"""JSON: a line for each object, or an array of objects."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.formats.json_table import look_through, write_parquet
from strigil.data.hidden import check_columns
from strigil.data.limits import check_width
from strigil.data.lines import BLOCK
from strigil.data.text_checks import beginning_of, check_objects, write_lines, write_parts

# Lines whose keys are taken for those of all: what a later line holds besides, Arrow refuses.
_SAMPLES: Final = (100, 10_000, None)


def scan_json(source: Path, scratch: Path, *, name: str) -> pl.LazyFrame:
    """JSON Lines, or an array, which is written out as lines.

    Args:
        source: The file, unpacked.
        scratch: Receives the lines of an array; it must outlive the table.
        name: What messages call the file.

    Raises:
        DataError: It has a line that is no object, or none with one meaning, or a column of several kinds.
    """
    with source.open("rb") as stream:
        beginning = beginning_of(stream.read(BLOCK))
        stream.seek(0)
        if beginning.array or beginning.marked:
            found = write_lines(stream, scratch, name=name, array=beginning.array)
            source = scratch
            if beginning.array and not found:
                message = f"{name} has no rows: an audit of nothing would pass anything"
                raise DataError(message)
    look = look_through(source, name=name)
    table = scratch.with_name(f"{scratch.name}-parquet")
    schema: pl.Schema | None = None
    for lines in () if look.objects is None else _SAMPLES:
        known, schema = schema, _schema(source, lines=lines, name=name)
        if schema not in (None, known) and write_parquet(source, table, schema, look):
            return pl.scan_parquet(table)
    objects = check_objects(source, name=name)
    if objects.mixed:
        parts = scratch.with_name(f"{scratch.name}-parts")
        write_parts(source, parts, objects.mixed)
        source = parts
    return pl.scan_ndjson(source, infer_schema_length=None)


def _schema(source: Path, *, lines: int | None, name: str) -> pl.Schema | None:
    """What the objects of so many lines hold, or of all; None if one cannot be read.

    Raises:
        DataError: They have too many keys.
    """
    try:
        schema = pl.scan_ndjson(source, infer_schema_length=lines).collect_schema()
    except pl.exceptions.PolarsError:
        return None
    check_width(len(schema), name=name)
    check_columns(schema.names(), source=name)
    return schema
