"""A table into a file that a user named, of the kind that its name says."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

import polars as pl
import pyarrow as pa

from strigil.common.errors import ConfigError, DataError, first_line
from strigil.common.files import whole_file
from strigil.data.parquet import full_disk_named

_Packing: TypeAlias = Literal["uncompressed", "gzip", "zstd"]
_PACKING: Final[dict[str, _Packing]] = {
    "": "uncompressed",
    ".gz": "gzip",
    ".zst": "zstd",
}
_KINDS: Final = (".jsonl", ".json", ".csv", ".tsv")
WRITABLE: Final = ".parquet, or .jsonl, .json, .csv or .tsv, also as .gz or .zst"


def check_writable(path: Path) -> None:
    """Makes sure, before anything is done, that a file's name says of which kind it is to be.

    Raises:
        ConfigError: It does not.
    """
    kind, packed = _kind(path)
    if (kind != ".parquet" and kind not in _KINDS) or (kind == ".parquet" and packed):
        message = f"cannot write a table into {path}"
        raise ConfigError(message, hint=f"give it a name that ends in {WRITABLE}")


def write_table(table: pl.LazyFrame, path: Path) -> None:
    """Writes a table of any size, whole or not at all.

    Raises:
        ConfigError: The file's name is of no kind that is written, or it cannot be written.
        DataError: A column holds what files of this kind cannot hold.
        PrerequisiteError: The disk is full.
    """
    check_writable(path)
    kind, packed = _kind(path)
    packing = _PACKING[packed]
    with whole_file(path) as temporary:
        try:
            with full_disk_named(path, temporary):
                if kind == ".parquet":
                    table.sink_parquet(temporary)
                elif kind == ".json":
                    _write_array(table, temporary, packing)
                elif kind == ".jsonl":
                    table.sink_ndjson(temporary, compression=packing, check_extension=False)
                else:
                    separator = "\t" if kind == ".tsv" else ","
                    table.sink_csv(temporary, separator=separator, compression=packing, check_extension=False)
        except pl.exceptions.PolarsError as error:
            message = f"cannot write {path}: {first_line(error)}"
            raise DataError(message, hint="a .jsonl or a .parquet file holds lists and objects too") from error


def _write_array(table: pl.LazyFrame, target: Path, packing: _Packing) -> None:
    """An array of objects, one a line."""
    lines = target.with_name(f"{target.name}-lines")
    try:
        table.sink_ndjson(lines, check_extension=False)
        with (
            lines.open("rb") as objects,
            pa.OSFile(str(target), "wb")
            if packing == "uncompressed"
            else pa.CompressedOutputStream(str(target), packing) as out,
        ):
            between = b"[\n"
            for line in objects:
                out.write(between + line.rstrip(b"\n"))
                between = b",\n"
            out.write(b"[]\n" if between == b"[\n" else b"\n]\n")
    finally:
        lines.unlink(missing_ok=True)


def _kind(path: Path) -> tuple[str, str]:
    """The suffix of a file, and that of what packs it."""
    return (Path(path.stem).suffix, path.suffix) if path.suffix in _PACKING else (path.suffix, "")
