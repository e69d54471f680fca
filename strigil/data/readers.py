"""Finding and reading data that somebody else sent: bounded in time and memory, and never read half.

A file is looked through before it is parsed, so that an endless line, a broken character or an archive that unpacks to
far more than it is becomes one line that names it.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from strigil.common.errors import ConfigError, DataError, first_line
from strigil.data.formats.agreement import agreed_schema
from strigil.data.formats.arrow import scan_arrow
from strigil.data.formats.delimited import scan_delimited
from strigil.data.formats.json_objects import scan_json
from strigil.data.formats.saved import is_saved, saved_files, splits_of
from strigil.data.layouts.layout import Reading, text_columns
from strigil.data.limits import FREE_BYTES, UNPACKS_TO, check_parquet
from strigil.data.streams import count_rows

_DELIMITED: Final = {".csv": ",", ".tsv": "\t"}
_JSON: Final = (".jsonl", ".json")
_ARROW: Final = (".arrow", ".feather")
SUFFIXES: Final = (".parquet", ".jsonl", ".json", ".csv", ".tsv", *_ARROW)
_SPOKEN: Final = f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
_PACKED: Final = {".gz": "gzip", ".zst": "zstd"}
NOWHERE: Final = (
    f"data are a release folder, {_SPOKEN} files, also as .gz or .zst, a folder of them, one that save_to_disk wrote, "
    "OWNER/NAME@REVISION on the Hub, or s3://BUCKET/KEY"
)
_BLOCK: Final = 1 << 20


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
        splits = splits_of(path.parent)
        message = f"there is no {data}: no such file, no such folder"
        raise ConfigError(message, hint=f"{path.parent} holds the splits {', '.join(splits)}" if splits else NOWHERE)
    for file in files:
        if not is_table(file.name):
            message = f"cannot read {file}: expected a {_SPOKEN} file of rows"
            raise ConfigError(message)
        if not file.resolve().is_relative_to(home.resolve()):
            message = f"{file} is a symbolic link that leads out of {home}"
            raise DataError(message, hint="name the file that it leads to")
    return [NamedFile(file, str(file)) for file in files]


def _shards(folder: Path) -> list[Path]:
    """The tables of a folder and of those within."""
    if is_saved(folder):
        return saved_files(folder)
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


def scan_tables(files: Sequence[NamedFile], folder: Path, *, begin: Callable[[str], None]) -> list[Table]:
    """Reads files that must have the same columns once, in this process, which a hostile one can end, and scans them.

    `parser_process` has a process for that.

    Args:
        files: The files.
        folder: Receives what packed files hold; it must outlive the tables.
        begin: Called with the name of each file before it is read.

    Raises:
        DataError: A file is empty, damaged, not UTF-8, has an endless line or other columns than the first.
    """
    tables = []
    for place, file in enumerate(files):
        begin(file.name)
        tables.append(_open(file, folder / f"unpacked-{place}"))
    texts = {column for table in tables for column, kind in table.frame.collect_schema().items() if kind == pl.String}
    for place, (file, table) in enumerate(zip(files, tables, strict=True)):
        # What looks like numbers in all lines of one file may be texts that do not in another.
        guessed = {column for column, kind in table.frame.collect_schema().items() if kind != pl.String} & texts
        if guessed and _kind(file.path) in _DELIMITED:
            begin(file.name)
            tables[place] = _open(file, folder / f"unpacked-{place}", texts=guessed)
    schema = agreed_schema({table.name: table.frame.collect_schema() for table in tables})
    if any(_kind(file.path) in _JSON for file in files):
        # Without a value in any line, JSON says nothing of a type.
        schema = pl.Schema({name: pl.String() if kind == pl.Null else kind for name, kind in schema.items()})
    return [replace(table, frame=_cast(table.frame, schema)) for table in tables]


def _cast(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """A table with the columns of a schema; one that has them keeps all that Parquet knows of itself."""
    given = frame.collect_schema()
    if given == schema:
        return frame
    return frame.select(
        pl.col(name) if given[name] == kind else pl.col(name).cast(kind) for name, kind in schema.items()
    )


def _open(file: NamedFile, unpacked: Path, *, texts: Collection[str] = ()) -> Table:
    kind, source = _kind(file.path), file.path
    if source.suffix in _PACKED:
        _unpack(file, unpacked)
        source = unpacked
    scratch = unpacked.with_name(f"{unpacked.name}-table")
    try:
        if not source.stat().st_size:
            message = f"{file.name} is empty: an audit of nothing would pass anything"
            raise DataError(message)
        if kind == ".parquet":
            check_parquet(source, name=file.name)
            frame = pl.scan_parquet(source)
        elif kind in _DELIMITED:
            known = text_columns(file.reading).union(texts)
            frame = scan_delimited(source, name=file.name, separator=_DELIMITED[kind], texts=known)
        elif kind in _ARROW:
            frame = scan_arrow(source, scratch, name=file.name)
        else:
            frame = scan_json(source, scratch, name=file.name)
        if kind in _DELIMITED or kind in _JSON:
            frame.select(pl.all().null_count()).collect(engine="streaming")
        frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        message = f"cannot read {file.name}: {first_line(error)}"
        raise DataError(message) from error
    return Table(file.name, frame, count_rows(frame, source=file.name))


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
