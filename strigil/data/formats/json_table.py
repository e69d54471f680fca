"""JSON Lines as Parquet, by Arrow's parser, which takes no key twice, no half of a surrogate pair, one kind a column.

What it refuses is left to `strigil.data.text_checks`, which says what is wrong with it; so are NaN, floats that an
integer may have become, and several objects a line, which it takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
import pyarrow.json as pj
import pyarrow.parquet as pq

from strigil.data.limits import EXACT
from strigil.data.lines import lines_of
from strigil.data.text_checks import check_depth

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass

_BLOCK: Final = 4 << 20
_GROUP: Final = 64 << 20
_KINDS: Final = {
    pl.String(): pa.string(),
    pl.Int64(): pa.int64(),
    pl.Float64(): pa.float64(),
    pl.Boolean(): pa.bool_(),
    pl.Null(): pa.null(),
}


@dataclass(frozen=True)
class Look:
    """What a file of JSON Lines looks like before it is parsed.

    Attributes:
        objects: How many lines are not blank; None if one of them does not begin and end as an object does.
        longest: Bytes of the longest line.
    """

    objects: int | None
    longest: int


def look_through(path: Path, *, name: str) -> Look:
    """Makes sure that a file can be given to a parser: UTF-8, no endless line, no bottomless value.

    Raises:
        DataError: It cannot; the message names the line.
    """
    before = objects = longest = 0
    plain = True
    for lines in lines_of(path, name=name):
        for number, line in enumerate(lines, start=before + 1):
            check_depth(line, number=number, name=name)
            if line.startswith(b"{") and line.endswith((b"}", b"}\r")):
                objects += 1
            elif line and not line.isspace():
                plain = False
        before += len(lines)
        longest = max(longest, *map(len, lines), 0)
    return Look(objects if plain else None, longest)


def write_parquet(source: Path, target: Path, schema: pl.Schema, look: Look) -> bool:
    """Writes a file of JSON Lines anew as Parquet.

    Args:
        source: The file.
        target: The Parquet file.
        schema: Of its objects.
        look: What it looks like.

    Returns:
        Whether each line is one JSON object of this schema; if not, the target is of no use.
    """
    kinds = {name: _arrow(kind) for name, kind in schema.items()}
    fields = [pa.field(name, kind) for name, kind in kinds.items() if kind is not None]
    if not fields or len(fields) < len(kinds):
        return False
    wanted = pa.schema(fields)
    parsing = pj.ParseOptions(explicit_schema=wanted, unexpected_field_behavior="error")
    blocks = pj.ReadOptions(block_size=max(_BLOCK, look.longest + 1))
    rows = 0
    try:
        with (
            pj.open_json(source, read_options=blocks, parse_options=parsing) as reader,
            pq.ParquetWriter(target, wanted, compression="none", use_dictionary=False, write_statistics=False) as out,
        ):
            for table in _groups(reader):
                if not all(_keeps_numbers(chunk) for column in table.columns for chunk in column.chunks):
                    return False
                out.write_table(table)
                rows += table.num_rows
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowCapacityError):
        return False
    return rows == look.objects


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """As many batches at a time as make a row group."""
    group: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += batch.nbytes
        if size > _GROUP:
            yield pa.Table.from_batches(group)
            group, size = [], 0
    if group:
        yield pa.Table.from_batches(group)


def _arrow(kind: pl.DataType | DataTypeClass) -> pa.DataType | None:
    """Arrow's name of a type that JSON has; None of another one, and of objects without any key."""
    match kind if isinstance(kind, pl.DataType) else kind():
        case pl.List(inner=inner):
            held = _arrow(inner)
            return None if held is None else pa.list_(held)
        case pl.Struct(fields=fields):
            kinds = {field.name: _arrow(field.dtype) for field in fields}
            known = [(name, held) for name, held in kinds.items() if held is not None]
            return pa.struct(known) if fields and len(known) == len(fields) else None
        case other:
            return _KINDS.get(other)


def _keeps_numbers(values: pa.Array) -> bool:
    """Whether each number, however deep it lies, is one that JSON has and that an integer may have become unharmed."""
    if not _has_floats(values.type):
        return True
    if pa.types.is_floating(values.type):
        import pyarrow.compute as pc

        return pc.all(pc.less(pc.abs(values), EXACT)).as_py() is not False
    inner = [values.flatten()] if pa.types.is_list(values.type) else values.flatten()
    return all(map(_keeps_numbers, inner))


def _has_floats(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or any(_has_floats(kind.field(place).type) for place in range(kind.num_fields))
