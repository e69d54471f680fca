"""Finding and reading data that somebody else sent: bounded in time and memory, and never read half.

A file is looked through before it is parsed, so that an endless line, a broken character or an archive that unpacks to
far more than it is becomes one line that names it.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.errors import ConfigError, DataError
from strigil.data.formats.agreement import agreed_schema, check_exact
from strigil.data.formats.arrow import scan_arrow
from strigil.data.formats.delimited import scan_delimited
from strigil.data.formats.json_objects import scan_json
from strigil.data.formats.kinds import ARROW, DELIMITED, JSON, PACKED, PARQUET, SPOKEN, is_table, kind_of
from strigil.data.formats.saved import is_saved, saved_files, splits_of
from strigil.data.formats.unpack import open_unpacked
from strigil.data.hidden import check_columns
from strigil.data.layouts.layout import Reading, text_columns
from strigil.data.limits import check_parquet
from strigil.data.streams import count_rows
from strigil.data.unreadable import unreadable

NOWHERE: Final = (
    f"data are a release folder, {SPOKEN} files, also as .gz or .zst, a folder of them, one that save_to_disk wrote, "
    "OWNER/NAME@REVISION on the Hub, or s3://BUCKET/KEY"
)


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
            message = f"cannot read {file}: expected a {SPOKEN} file of rows"
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
    return [name for name in tables if kind_of(Path(name)) != ".json"] or tables


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
        if guessed and kind_of(file.path) in DELIMITED:
            begin(file.name)
            tables[place] = _open(file, folder / f"unpacked-{place}", texts=guessed)
    schema = agreed_schema({table.name: table.frame.collect_schema() for table in tables})
    if any(kind_of(file.path) in JSON for file in files):
        # Without a value in any line, JSON says nothing of a type.
        schema = pl.Schema({name: pl.String() if kind == pl.Null else kind for name, kind in schema.items()})
    for table in tables:
        check_exact(table.frame, schema, name=table.name)
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
    kind, source = kind_of(file.path), file.path
    if source.suffix in PACKED:
        if not unpacked.exists():
            _unpack(file, unpacked)
        source = unpacked
    scratch = unpacked.with_name(f"{unpacked.name}-table")
    try:
        if not source.stat().st_size:
            message = f"{file.name} is empty: an audit of nothing would pass anything"
            raise DataError(message)
        if kind == PARQUET:
            check_parquet(source, name=file.name)
            frame = pl.scan_parquet(source)
        elif kind in DELIMITED:
            known = text_columns(file.reading).union(texts)
            frame = scan_delimited(source, name=file.name, separator=DELIMITED[kind], texts=known)
        elif kind in ARROW:
            frame = scan_arrow(source, scratch, name=file.name)
        else:
            frame = scan_json(source, scratch, name=file.name)
        if kind in DELIMITED or kind in JSON:
            frame.select(pl.all().null_count()).collect(engine="streaming")
        check_columns(frame.collect_schema().names(), source=file.name)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(file.name, error) from error
    return Table(file.name, frame, count_rows(frame, source=file.name))


def _unpack(file: NamedFile, target: Path) -> None:
    size = file.path.stat().st_size
    with (
        file.path.open("rb") as source,
        open_unpacked(source, file.path, size=size, name=file.name) as stream,
        target.open("wb") as out,
    ):
        shutil.copyfileobj(stream, out)


def _fixed_part(pattern: str) -> Path:
    """The folder of a glob: its leading parts without a wildcard."""
    fixed = Path()
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
