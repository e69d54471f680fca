"""Finding and reading data that somebody else sent: bounded in time and memory, and never read half.

A file is looked through before it is parsed, so that an endless line, a broken character or an archive that unpacks to
far more than it is becomes one line that names it.
"""

from __future__ import annotations

import csv
import glob
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from strigil.common.errors import ConfigError, DataError, first_line
from strigil.data.layouts.layout import Reading, text_columns
from strigil.data.limits import FREE_BYTES, UNPACKS_TO, check_parquet, check_width
from strigil.data.streams import count_rows
from strigil.data.text_checks import check_lines, check_objects, first_bytes, write_lines

SUFFIXES: Final = (".parquet", ".jsonl", ".json", ".csv", ".tsv")
_PACKED: Final = {".gz": "gzip", ".zst": "zstd"}
NOWHERE: Final = (
    "data are a release folder, .parquet, .jsonl, .json, .csv or .tsv files, also as .gz or .zst, a folder of them, "
    "OWNER/NAME@REVISION on the Hub, or s3://BUCKET/KEY"
)
_BLOCK: Final = 1 << 20
_SAMPLE: Final = 10_000


@dataclass(frozen=True)
class NamedFile:
    """A file, what the user knows it by, where it was brought from elsewhere for example, and how to read it."""

    path: Path
    name: str
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class Table:
    """One file of rows: `name` is what the user knows it by, `rows` how many it has."""

    name: str
    frame: pl.LazyFrame
    rows: int


def find_files(data: str) -> list[NamedFile]:
    """The files that a path or a glob names, sorted.

    Raises:
        ConfigError: Nothing is there, or something that is not a table.
        DataError: A file is a symbolic link that leads out of its folder.
    """
    path = Path(data)
    if path.is_dir():
        files, home = _shards(path), path
    elif path.exists() or path.is_symlink():
        files, home = [path], path.parent
    else:
        files = sorted(Path(found) for found in glob.glob(data, recursive=True) if Path(found).is_file())  # noqa: PTH207  # Path.glob takes no absolute pattern
        home = _fixed_part(data)
    if not files:
        message = f"there is no {data}: no such file, no such folder"
        raise ConfigError(message, hint=NOWHERE)
    for file in files:
        if not is_table(file.name):
            message = f"cannot read {file}: expected a .parquet, .jsonl, .json, .csv or .tsv file of rows"
            raise ConfigError(message)
        if not file.resolve().is_relative_to(home.resolve()):
            message = f"{file} is a symbolic link that leads out of {home}"
            raise DataError(message, hint="name the file that it leads to")
    return [NamedFile(file, str(file)) for file in files]


def _shards(folder: Path) -> list[Path]:
    """The tables of a folder and of those within."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    inside = [path for path in files if path.name == "manifest.json"]
    tables = [Path(name) for name in tables_among(str(path) for path in files)]
    if inside or not tables:
        message = f"{folder} holds {'several releases' if inside else 'no tables'}, and is none itself"
        raise ConfigError(message, hint=f"name one of them, or its files: '{folder}/*.jsonl'")
    return tables


def tables_among(names: Iterable[str]) -> list[str]:
    """The tables of a folder; a .json beside tables of other kinds is about them."""
    tables = [name for name in names if is_table(name) and not Path(name).name.startswith(".")]
    return [name for name in tables if _kind(Path(name)) != ".json"] or tables


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table, packed or not."""
    return _kind(Path(name)) in SUFFIXES


def open_tables(files: Sequence[NamedFile], folder: Path) -> list[Table]:
    """Scans files that must have the same columns.

    Args:
        files: The files.
        folder: Receives what packed files hold; it must outlive the tables.

    Raises:
        DataError: A file is empty, damaged, not UTF-8, has an endless line or other columns than the first.
    """
    tables = [_open(file, folder / f"unpacked-{number}") for number, file in enumerate(files)]
    schemas = [table.frame.collect_schema() for table in tables]
    for table, schema in zip(tables, schemas, strict=True):
        _check_same(tables[0].name, schemas[0], table.name, schema)
    return tables


def _open(file: NamedFile, unpacked: Path) -> Table:
    kind, source = _kind(file.path), file.path
    if source.suffix in _PACKED:
        _unpack(file, unpacked)
        source = unpacked
    try:
        if not source.stat().st_size:
            message = f"{file.name} is empty: an audit of nothing would pass anything"
            raise DataError(message)
        if kind == ".parquet":
            check_parquet(source, name=file.name)
            frame = pl.scan_parquet(source)
        elif kind in {".csv", ".tsv"}:
            check_lines(source, name=file.name)
            frame = _scan_csv(source, file, separator="\t" if kind == ".tsv" else ",")
        else:
            frame = _scan_json(source, file, unpacked)
        frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        message = f"cannot read {file.name}: {first_line(error)}"
        raise DataError(message) from error
    return Table(file.name, frame, count_rows(frame, source=file.name))


def _scan_json(source: Path, file: NamedFile, unpacked: Path) -> pl.LazyFrame:
    """JSON Lines, or an array of objects, which is written out as lines; a column without any value is text."""
    beginning = first_bytes(source)
    if beginning.array or beginning.marked:
        lines = unpacked.with_name(f"{unpacked.name}-lines")
        write_lines(source, lines, name=file.name, array=beginning.array)
        source = lines
    check_lines(source, name=file.name)
    keys = check_objects(source, name=file.name)
    schema = pl.scan_ndjson(source, infer_schema_length=_SAMPLE).collect_schema()
    if keys - set(schema) or pl.Null in schema.values():
        schema = pl.scan_ndjson(source, infer_schema_length=None).collect_schema()
    schema = pl.Schema({name: pl.String() if kind == pl.Null else kind for name, kind in schema.items()})
    return pl.scan_ndjson(source, schema=schema)


def _scan_csv(source: Path, file: NamedFile, *, separator: str) -> pl.LazyFrame:
    with source.open(encoding="utf-8-sig", newline="") as stream:
        names = next(csv.reader(stream, delimiter=separator), [])
    check_width(len(names), name=file.name)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        message = f"{file.name} has columns twice: {', '.join(twice)}"
        raise DataError(message)
    texts = {name: pl.String() for name in text_columns(file.reading) if name in names}
    return pl.scan_csv(source, separator=separator, infer_schema_length=_SAMPLE, schema_overrides=texts)


def _unpack(file: NamedFile, target: Path) -> None:
    allowed = file.path.stat().st_size * UNPACKS_TO + FREE_BYTES
    written = 0
    try:
        with pa.input_stream(file.path, compression=_PACKED[file.path.suffix]) as packed, target.open("wb") as out:
            while block := packed.read(_BLOCK):
                written += len(block)
                if written > allowed:
                    message = f"{file.name} unpacks to more than {UNPACKS_TO} times its size: not read"
                    raise DataError(message)
                out.write(block)
    except OSError as error:
        message = f"cannot unpack {file.name}: {first_line(error)}"
        raise DataError(message) from error


def _check_same(first_name: str, first: pl.Schema, name: str, schema: pl.Schema) -> None:
    different = [
        column
        for column in dict.fromkeys([*first, *schema])
        if column not in first or column not in schema or not _same_kind(first[column], schema[column])
    ]
    if different:
        message = f"{name} and {first_name} have different columns: {', '.join(different)}"
        raise DataError(message, hint="read them one by one")


def _same_kind(one: pl.DataType, other: pl.DataType) -> bool:
    return one == other or pl.Null in (one, other) or (one.is_numeric() and other.is_numeric())


def _kind(file: Path) -> str:
    return Path(file.stem).suffix if file.suffix in _PACKED else file.suffix


def _fixed_part(pattern: str) -> Path:
    """The folder of a glob: its leading parts without a wildcard."""
    fixed = Path()
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
