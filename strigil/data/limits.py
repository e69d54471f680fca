"""How much a table from outside may be: depth, width, and what it unpacks to, found out before it is parsed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.hidden import PLACE, check_columns
from strigil.data.texts import fields_of
from strigil.data.unreadable import unreadable

if TYPE_CHECKING:
    import pyarrow.parquet as pq
    from polars.datatypes import DataTypeClass

# Deflate reaches 1,032; JSON Lines of one repeated row reach 300 or so, real text 3 to 20.
UNPACKS_TO: Final = 200
FREE_BYTES: Final = 16 << 20
# Of texts that a dictionary holds once: a digest in each of ten million rows is 640 MB.
FREE_TEXT: Final = 1 << 30
DEEPEST: Final = 64
WIDEST: Final = 2_000
# The largest integer up to which a float is every one.
EXACT: Final = 2**53


def check_parquet(path: Path, *, name: str) -> None:
    """Makes sure, by its footer and by reading it once, that a Parquet file is not far more than its size.

    Raises:
        DataError: It is, or it is no Parquet, or too deep or too wide.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    size = path.stat().st_size
    try:
        with pq.ParquetFile(path) as file:
            check_footer(file, size=size, name=name)
    except (OSError, pa.ArrowException, RecursionError) as error:
        raise unreadable(name, error) from error
    try:
        frame = pl.scan_parquet(path)
        lengths = {column: _length(pl.col(column), kind) for column, kind in frame.collect_schema().items()}
        sums = [length.cast(pl.UInt64).sum() for length in lengths.values() if length is not None]
        # What is no text is read along, since damage in it is to show here too.
        others = [pl.col(column).null_count() for column, length in lengths.items() if length is None]
        written = frame.select(pl.sum_horizontal(pl.lit(0, pl.UInt64), *sums).alias(PLACE), *others)
        total = written.collect(engine="streaming")[PLACE].item()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(name, error) from error
    if int(total) > size * UNPACKS_TO + FREE_TEXT:
        raise unpacks(name)


def check_footer(file: pq.ParquetFile, *, size: int, name: str) -> None:
    """Makes sure, by its footer, that a Parquet file of a size in bytes is not far more than that.

    Raises:
        DataError: It is, or it is too deep or too wide.
    """
    footer, schema = file.metadata, file.schema
    check_columns(file.schema_arrow.names, source=name)
    unpacked = sum(footer.row_group(place).total_byte_size for place in range(footer.num_row_groups))
    deepest = max((schema.column(place).max_definition_level for place in range(len(schema))), default=0)
    if deepest > DEEPEST or len(schema) > WIDEST:
        raise _too_much(name)
    if unpacked > size * UNPACKS_TO + FREE_BYTES:
        raise unpacks(name)


def check_width(columns: int, *, name: str) -> None:
    """Makes sure that a table is not too wide to be read.

    Raises:
        DataError: It is.
    """
    if columns > WIDEST:
        raise _too_much(name)


def _length(column: pl.Expr, kind: pl.DataType | DataTypeClass) -> pl.Expr | None:
    """Bytes of text in each row of a column, none of it unpacked for it; None if nothing in it is text."""
    match kind if isinstance(kind, pl.DataType) else kind():
        case pl.String():
            return column.str.len_bytes()
        case pl.Binary():
            return column.bin.size()
        case pl.Struct(fields=fields):
            inner = [_length(field.value, field.kind) for field in fields_of(column, fields)]
            lengths = [length for length in inner if length is not None]
            return pl.sum_horizontal(lengths) if lengths else None
        case pl.List(inner=held):
            length = _length(pl.element(), held)
            return None if length is None else column.list.eval(length).list.sum()
        case pl.Array(inner=held):
            return _length(column.arr.to_list(), pl.List(held))
        case _:
            return None


def unpacks(name: str) -> DataError:
    """What to say of a file that is far more than its size."""
    return DataError(f"{name} unpacks to more than {UNPACKS_TO} times its size: not read")


def _too_much(name: str) -> DataError:
    message = f"{name} has more than {WIDEST:,} columns or {DEEPEST} levels: not read"
    return DataError(message, hint="keep the columns that rules read, and leave the others out")
