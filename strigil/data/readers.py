"""Finding and reading data that somebody else sent: bounded in time and memory, and never read half.

A file is looked through before it is parsed, so that an endless line, a broken character or an archive that unpacks to
far more than it is becomes one line that names it.
"""

from __future__ import annotations

import glob
import gzip
import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Final, Self

import polars as pl

from strigil.common.errors import ConfigError, DataError
from strigil.data.streams import scan_table
from strigil.data.text_checks import check_lines, check_objects

SUFFIXES: Final = (".parquet", ".jsonl", ".csv")
NOWHERE: Final = (
    "data are a release folder, .parquet, .jsonl, .jsonl.gz, .csv or .csv.gz files, OWNER/NAME@REVISION on the Hub, or "
    "s3://BUCKET/KEY"
)
# Deflate reaches 1,032; JSON Lines of one repeated row reach 300 or so, real text 3 to 20.
_UNPACKS_TO: Final = 200
_FREE_BYTES: Final = 16 << 20
_BLOCK: Final = 1 << 20
_SAMPLE: Final = 10_000


@dataclass(frozen=True)
class NamedFile:
    """A file, and what the user knows it by, where it was brought from elsewhere for example."""

    path: Path
    name: str


@dataclass(frozen=True)
class Table:
    """One file of rows: `name` is what the user knows it by."""

    name: str
    frame: pl.LazyFrame


def find_files(data: str) -> list[NamedFile]:
    """The files that a path or a glob names, sorted.

    Raises:
        ConfigError: Nothing is there, or something that is not a table.
        DataError: A file is a symbolic link that leads out of its folder.
    """
    path = Path(data)
    if path.is_dir():
        message = f"{data} is a folder without a release in it"
        raise ConfigError(message, hint=f"name its files, for example '{data}/*.jsonl'")
    if path.exists() or path.is_symlink():
        files, home = [path], path.parent
    else:
        files = sorted(Path(found) for found in glob.glob(data, recursive=True) if Path(found).is_file())  # noqa: PTH207  # Path.glob takes no absolute pattern
        home = _fixed_part(data)
    if not files:
        message = f"there is no file {data}"
        raise ConfigError(message, hint=NOWHERE)
    for file in files:
        if not is_table(file.name):
            message = f"cannot read {file}: expected a .parquet, .jsonl or .csv file of rows"
            raise ConfigError(message)
        if not file.resolve().is_relative_to(home.resolve()):
            message = f"{file} is a symbolic link that leads out of {home}"
            raise DataError(message, hint="name the file that it leads to")
    return [NamedFile(file, str(file)) for file in files]


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table, packed or not."""
    return _kind(Path(name)) in SUFFIXES


class Intake(AbstractContextManager["Intake"]):
    """Opens files of rows; packed ones are unpacked into a folder that is gone afterwards."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="strigil-")
        self._places = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._folder.cleanup()

    def open(self, files: Sequence[NamedFile]) -> list[Table]:
        """Scans files that must have the same columns.

        Raises:
            DataError: A file is empty, damaged, not UTF-8, has an endless line or other columns than the first.
        """
        tables = [self._open(file) for file in files]
        schemas = [table.frame.collect_schema() for table in tables]
        for table, schema in zip(tables, schemas, strict=True):
            _check_same(tables[0].name, schemas[0], table.name, schema)
        return tables

    def _open(self, file: NamedFile) -> Table:
        kind, source = _kind(file.path), file.path
        if source.suffix == ".gz":
            source = Path(self._folder.name) / f"{next(self._places)}{kind}"
            _unpack(file, source)
        if not source.stat().st_size:
            message = f"{file.name} is empty: an audit of nothing would pass anything"
            raise DataError(message)
        if kind != ".parquet":
            check_lines(source, name=file.name)
        if kind == ".jsonl":
            check_objects(source, name=file.name)
        try:
            frame = _scan_csv(source) if kind == ".csv" else scan_table(source, name=file.name)
            frame.collect_schema()
        except pl.exceptions.PolarsError as error:
            message = f"cannot read {file.name}: {(str(error).splitlines() or ['damaged'])[0]}"
            raise DataError(message) from error
        return Table(file.name, frame)


def _unpack(file: NamedFile, target: Path) -> None:
    allowed = file.path.stat().st_size * _UNPACKS_TO + _FREE_BYTES
    written = 0
    try:
        with gzip.open(file.path, "rb") as packed, target.open("wb") as out:
            while block := packed.read(_BLOCK):
                written += len(block)
                if written > allowed:
                    message = f"{file.name} unpacks to more than {_UNPACKS_TO} times its size: not read"
                    raise DataError(message)
                out.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        message = f"cannot unpack {file.name}: {error}"
        raise DataError(message) from error


def _check_same(first_name: str, first: pl.Schema, name: str, schema: pl.Schema) -> None:
    different = [
        column
        for column in dict.fromkeys([*first, *schema])
        if column not in first or column not in schema or not _same_kind(first[column], schema[column])
    ]
    if different:
        message = f"{name} and {first_name} have different columns: {', '.join(different)}"
        raise DataError(message, hint="gate them one by one")


def _same_kind(one: pl.DataType, other: pl.DataType) -> bool:
    return one == other or pl.Null in (one, other)


def _scan_csv(path: Path) -> pl.LazyFrame:
    return pl.scan_csv(path, infer_schema_length=_SAMPLE)


def _kind(file: Path) -> str:
    return Path(file.stem).suffix if file.suffix == ".gz" else file.suffix


def _fixed_part(pattern: str) -> Path:
    """The folder of a glob: its leading parts without a wildcard."""
    fixed = Path()
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
