"""Where data are: a release or files, here, in a bucket or on the Hub; what is elsewhere is brought here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from strigil.common.errors import ConfigError, DataError, PrerequisiteError
from strigil.common.paths import plain_path
from strigil.data.formats.first_rows import write_first_rows
from strigil.data.path_patterns import is_pattern, split_pattern
from strigil.data.readers import NOWHERE, NamedFile, find_files, tables_among
from strigil.releases.manifest import MANIFEST, parse_manifest
from strigil.releases.named import CARD, take_back
from strigil.releases.store import PARTIAL, Problem, Release, Split, find_release, problems_of, versions
from strigil.stores.hub.address import HubAddress
from strigil.stores.remote_folder import RemoteFolder

_BUCKET: Final = "s3://"
_LONGEST_CARD: Final = 4 << 20


@dataclass(frozen=True)
class Found:
    """Data that were found.

    Attributes:
        files: Its tables.
        release: The release that they are of, if they are of one.
        problems: Where the release is not what its manifest says.
        place: What a moving name stood for: the commit.
        name: What their folder or data set is called; None if the first file's name says it.
    """

    files: list[NamedFile]
    release: Release | None = None
    problems: tuple[Problem, ...] = ()
    place: str | None = None
    name: str | None = None


class _Store(Protocol):
    """Files elsewhere; `address` is what the names of its files begin with."""

    address: str

    def files(self, pattern: str = "**") -> dict[str, int]: ...

    def download(self, path: str, target: Path) -> None: ...

    def open(self, path: str) -> AbstractContextManager[BinaryIO]: ...


def find(data: str, split: Split, folder: Path, *, rows: int | None = None) -> Found:
    """Finds data; `folder` receives what is brought from elsewhere, and must outlive what is found.

    Of what is no release, no more is read than holds the first `rows` rows, if so many are asked for.

    Raises:
        ConfigError: There is no such data.
        DataError: They cannot be used.
        PrerequisiteError: They cannot be reached.
    """
    # A path of no letters is the working folder's.
    if not data.strip():
        message = "no data are named"
        raise ConfigError(message, hint=NOWHERE)
    if data.startswith(_BUCKET):
        return _from_bucket(data, split, folder, rows)
    address = None if Path(data).exists() else HubAddress.parse(data)
    if address is not None:
        try:
            return _from_hub(address, split, folder, rows)
        except PrerequisiteError as error:
            message = f"{data} is nothing here, and of the Hub: {error.message}"
            raise PrerequisiteError(message, hint=error.hint) from error
    if _is_release(Path(data)):
        release = find_release(Path(data))
        return Found(release_files(release, split), release, problems_of(release))
    files = find_files(data)
    name = Path(data).resolve().name.lower() if Path(data).is_dir() else None
    if rows is None:
        return Found(files, name=name)
    here = [
        _Begun(file.name, folder / str(place) / file.path.name, file.path.stat().st_size, partial(_opened, file.path))
        for place, file in enumerate(files)
    ]
    return Found(_first(here, rows), name=name)


def _is_release(path: Path) -> bool:
    begun = path.name == PARTIAL or (path / PARTIAL).exists()
    return path.is_dir() and (begun or (path / MANIFEST).exists() or bool(versions(path)))


def release_files(release: Release, split: Split = "clean", *, name: str | None = None) -> list[NamedFile]:
    """The files of one of a release's row tables; `name` is what messages call the release, its path if not given.

    Raises:
        DataError: There are none, or one leads out of the release.
    """
    name = name or str(release.path)
    files = sorted((release.path / "data" / split).glob("*.parquet"))
    if not files:
        message = f"{name} has no {split} rows"
        raise DataError(message)
    outside = [file.name for file in files if not file.resolve().is_relative_to(release.path.resolve())]
    if outside:
        message = f"{name}: {', '.join(outside)} leads out of the release"
        raise DataError(message)
    reading = release.manifest.written_in.reading
    return [NamedFile(file, f"{name}/{file.relative_to(release.path).as_posix()}", reading) for file in files]


def _from_bucket(data: str, split: Split, folder: Path, rows: int | None) -> Found:
    if not is_pattern(data):
        bucket = RemoteFolder(data)
        if MANIFEST in bucket.files(MANIFEST):
            return _bring_release(bucket, split, folder)
    home, pattern = split_pattern(data.removeprefix(_BUCKET))
    if not home:
        message = f"{data} names no object"
        raise ConfigError(message, hint="s3://BUCKET/KEY; a key may be a pattern, such as data/*.jsonl")
    bucket = RemoteFolder(_BUCKET + home)
    return Found(_bring_tables(bucket, _tables(bucket, pattern, name=data), folder, rows))


def _from_hub(address: HubAddress, split: Split, folder: Path, rows: int | None) -> Found:
    # The Hub's client takes longer to load than a small file to gate.
    from strigil.stores.hub.configurations import tables_of
    from strigil.stores.hub.dataset import HubDataset

    dataset = HubDataset(address)
    place = f"commit {dataset.commit}"
    if address.path is not None:
        tables = _tables(dataset, address.path, name=f"{dataset.address}/{address.path}")
        return Found(_bring_tables(dataset, tables, folder, rows), place=place)
    name = address.id.split("/")[1].lower()
    there = dataset.files()
    if MANIFEST in there:
        if address.config is not None or address.split is not None:
            message = f"{address.text} is a release, which has no configs and splits to name"
            raise ConfigError(message, hint=f"{address.text}, and --split clean, raw or removed where a command has it")
        found = _bring_release(dataset, split, folder, repository=address.id)
        return Found(found.files, found.release, found.problems, place)
    if there.get(CARD, 0) > _LONGEST_CARD:
        message = f"{dataset.address}/{CARD} is longer than {_LONGEST_CARD >> 20} MiB"
        raise DataError(message)
    card = dataset.read(CARD).decode(errors="replace") if CARD in there else ""
    chosen = tables_of(address, tables_among(there), card)
    return Found(_bring_tables(dataset, {path: there[path] for path in chosen}, folder, rows), place=place, name=name)


def _bring_release(store: _Store, split: Split, folder: Path, *, repository: str | None = None) -> Found:
    """A manifest from outside says what belongs to it; files of rows beside those would be loaded with them."""
    there = store.files()
    _bring(store, {MANIFEST: there[MANIFEST]}, folder)
    manifest = parse_manifest((folder / MANIFEST).read_bytes(), source=f"{store.address}/{MANIFEST}")
    recorded = {record.path for record in manifest.files}
    _bring(store, {path: size for path, size in there.items() if path in recorded}, folder)
    if repository is not None:
        take_back(folder, manifest, repository)
    release = Release(folder, manifest)
    beside = [path for path in there if path.startswith("data/") and path not in recorded]
    problems = (*problems_of(release), *(Problem(path, "is not in the manifest") for path in beside))
    return Found(release_files(release, split, name=store.address), release, problems)


def _tables(store: _Store, pattern: str, *, name: str) -> dict[str, int]:
    """The tables that a pattern names, with their sizes."""
    sizes = store.files(pattern)
    if not (tables := tables_among(sizes)):
        message = f"there is no table {name}"
        raise ConfigError(message, hint=NOWHERE)
    return {path: sizes[path] for path in tables}


def _bring_tables(store: _Store, tables: dict[str, int], folder: Path, rows: int | None) -> list[NamedFile]:
    if rows is None:
        _bring(store, tables, folder)
        return [NamedFile(folder / path, f"{store.address}/{path}") for path in tables]
    there = [
        _Begun(f"{store.address}/{path}", folder / plain_path(path, store.address), size, partial(store.open, path))
        for path, size in tables.items()
    ]
    return _first(there, rows)


@dataclass(frozen=True)
class _Begun:
    """A file whose beginning is wanted: its name, where that is to go, the file's bytes, and how to open it."""

    name: str
    target: Path
    size: int
    open: Callable[[], AbstractContextManager[BinaryIO]]


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


def _first(files: Iterable[_Begun], rows: int) -> list[NamedFile]:
    parts: list[NamedFile] = []
    for file in files:
        if rows > 0:
            with file.open() as stream:
                part = write_first_rows(stream, file.target, rows, size=file.size, name=file.name)
            parts.append(NamedFile(part.path, file.name))
            rows -= part.rows
    return parts


def _bring(store: _Store, files: dict[str, int], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free, needed = shutil.disk_usage(folder).free, sum(files.values())
    if needed > free:
        message = f"{store.address}: {needed:,} bytes are to be brought, and {free:,} are free in {folder.parent}"
        raise PrerequisiteError(message, hint="name fewer files, or set TMPDIR to a larger disk")
    targets = {path: folder / plain_path(path, store.address) for path in files}
    for path, target in targets.items():
        store.download(path, target)
