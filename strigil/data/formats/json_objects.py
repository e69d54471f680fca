"""JSON: a line for each object, or an array of objects."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from strigil.data.hidden import check_columns
from strigil.data.text_checks import BLOCK, beginning_of, check_lines, check_objects, write_lines, write_parts

_SAMPLE: Final = 10_000
# Of these a later line cannot say more than the first ones did.
_SETTLED: Final = frozenset({pl.String(), pl.Float64(), pl.Boolean()})


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
            write_lines(stream, scratch, name=name, array=beginning.array)
            source = scratch
    check_lines(source, name=name)
    objects = check_objects(source, name=name)
    check_columns(objects.keys, source=name)
    if objects.mixed:
        parts = scratch.with_name(f"{scratch.name}-parts")
        write_parts(source, parts)
        source = parts
    schema = pl.scan_ndjson(source, infer_schema_length=_SAMPLE).collect_schema()
    if objects.keys - set(schema) or not _SETTLED.issuperset(schema.values()):
        schema = pl.scan_ndjson(source, infer_schema_length=None).collect_schema()
    return pl.scan_ndjson(source, schema=schema)
