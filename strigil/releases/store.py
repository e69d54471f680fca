"""The release store: versioned, content-addressed folders that are either complete or not there.

ROOT/NAME/v1.2.3/            a release; manifest.json was written last, signatures may have come after it
ROOT/NAME/.v1.2.3.partial/   a release being written; the same command goes on with it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import polars as pl

from strigil.common.canonical import file_digest
from strigil.common.digest_cache import stored_digest
from strigil.common.errors import CheckFailedError, ConfigError, DataError
from strigil.common.extras import DATASETS, needing
from strigil.releases.manifest import MANIFEST, Manifest, parse_manifest
from strigil.releases.signing import SignatureError, misfits
from strigil.releases.version import Version

if TYPE_CHECKING:
    from datasets import Dataset

_Stamp: TypeAlias = tuple[tuple[str, int, int, int, int], ...]
Split = Literal["clean", "removed", "raw"]
SPLITS: tuple[Split, ...] = ("clean", "removed", "raw")
PARTIAL = ".partial"
# Signatures cover the manifest, so they come after it and cannot be among its files.
ATTESTATION = "provenance.intoto.jsonl"
_VERSIONED = re.compile(r"v\d+\.\d+\.\d+")


@dataclass(frozen=True, repr=False)
class Release:
    """A complete release on disk."""

    path: Path
    manifest: Manifest

    def __repr__(self) -> str:
        """What it is, how many of its rows are clean, and where."""
        counts = self.manifest.counts
        return (
            f"Release({self.manifest.name} {self.manifest.version}: {counts.clean} of {counts.raw} rows, {self.path})"
        )

    def __fspath__(self) -> str:
        """Its folder: a release can be given wherever a path can."""
        return str(self.path)

    @property
    def version(self) -> Version:
        """Its version."""
        return Version.parse(self.manifest.version)

    def rows(self, split: Split = "clean") -> pl.LazyFrame:
        """One of its row tables, lazily, in the project's own columns whatever they are on disk.

        Raises:
            DataError: It was published without this table.
        """
        return self.manifest.written_in.rows(self.table(split), source=str(self.path))

    def table(self, split: Split = "clean") -> pl.LazyFrame:
        """One of its row tables, lazily, as it is on disk.

        Raises:
            DataError: It was published without this table.
        """
        self.require(check_split(split))
        return pl.scan_parquet(self.path / "data" / split / "*.parquet")

    def dataset(self, split: Split = "clean") -> Dataset:
        """One of its row tables as a data set of Hugging Face's library, mapped into memory from its cache."""
        with needing(DATASETS):
            from datasets import Dataset

        self.require(check_split(split))
        if not self.manifest.counts.model_dump()[split]:
            return Dataset.from_polars(self.rows(split).collect())
        files = sorted((self.path / "data" / split).glob("*.parquet"))
        return Dataset.from_parquet([str(file) for file in files])

    def verdicts(self) -> pl.LazyFrame:
        """Its verdict table, lazily: rows x rules lines.

        Raises:
            DataError: It was published without this table.
        """
        self.require("verdicts")
        return pl.scan_parquet(self.path / "verdicts" / "*.parquet")

    def require(self, *tables: str) -> None:
        """Checks that it has these of its tables, `clean`, `removed`, `raw` and `verdicts`.

        Raises:
            DataError: It was published without one.
        """
        for table in tables:
            if table in self.manifest.left_out:
                message = f"{self.path} was published without its table {table!r}"
                raise DataError(message, hint="ask its publisher for the whole release")


def check_split(split: str) -> Split:
    """A part of a release, once it is clear that releases have such a one.

    Raises:
        ConfigError: They have not.
    """
    for known in SPLITS:
        if known == split:
            return known
    message = f"releases have no split {split!r}"
    raise ConfigError(message, hint=f"known: {', '.join(SPLITS)}")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one file of a release."""

    path: str
    what: str


def files_of(folder: Path) -> list[str]:
    """What a release's folder holds, by relative path: files and empty folders, without manifest and signatures."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or not path.is_dir() or not any(path.iterdir()))
        and path not in (folder / MANIFEST, folder / ATTESTATION)
    )


def versions(folder: Path) -> list[Version]:
    """Versions of the complete releases in `ROOT/NAME`, ascending."""
    return sorted(Version.parse(manifest.parent.name) for manifest in folder.glob(f"v*.*.*/{MANIFEST}"))


def open_release(path: Path) -> Release:
    """Opens `ROOT/NAME/vX.Y.Z`, or the latest release in `ROOT/NAME`, once every file of it is what was released.

    Within a process, files are read again only if they changed; of large ones the digest is remembered.

    Raises:
        CheckFailedError: A file was changed, is missing or was added.
        DataError: There is no complete release there, or its manifest was changed.
    """
    release = find_release(path)
    if problems := problems_of(release):
        raise changed_release(str(release.path), problems)
    return release


def problems_of(release: Release) -> tuple[Problem, ...]:
    """As `verify_release`, but files that it looked at in this process are read again only if they changed."""
    return _checked(release.path, _stamp(release.path))


def changed_release(name: str, problems: Sequence[Problem]) -> CheckFailedError:
    """What to say of a release that is not what was written."""
    more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
    said = ", ".join(f"{problem.path} {problem.what}" for problem in problems[:3])
    message = f"{name} is not what was released: {said}{more}"
    return CheckFailedError(message, hint="bring it back as it was, by strigil pull for example, or build it again")


def find_release(path: Path) -> Release:
    """As `open_release`, but only the manifest is looked at: for what reports on a release that was changed.

    Raises:
        DataError: As `open_release`.
    """
    folder = path
    if not (path / MANIFEST).exists() and (found := versions(path)):
        folder = path / f"v{found[-1]}"
    try:
        data = (folder / MANIFEST).read_bytes()
    except FileNotFoundError as error:
        raise _no_release(path) from error
    except OSError as error:
        message = f"cannot read {folder / MANIFEST}: {error.strerror or error}"
        raise DataError(message) from error
    return Release(folder, parse_manifest(data, source=str(folder / MANIFEST)))


@lru_cache(maxsize=256)
def _checked(folder: Path, stamp: _Stamp) -> tuple[Problem, ...]:
    del stamp
    return tuple(verify_release(find_release(folder), digest=stored_digest))


def _stamp(folder: Path) -> _Stamp:
    """What changes when a file in a folder does."""
    files = sorted(path for path in folder.rglob("*") if not path.is_dir())
    stats = [(str(path), path.lstat()) for path in files]
    return tuple((name, one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino) for name, one in stats)


def _no_release(path: Path) -> DataError:
    if not path.exists():
        return DataError(f"there is no release at {path}: no such folder")
    if path.name == PARTIAL or (path / PARTIAL).exists() or (path / "data").exists():
        return DataError(
            f"the release at {path} is incomplete: it has no {MANIFEST}", hint="run the command that built it again"
        )
    return DataError(f"there is no release at {path}: it has no {MANIFEST}")


def verify_release(release: Release, *, digest: Callable[[Path], str] = file_digest) -> list[Problem]:
    """Hashes every file again and compares it with the manifest; an empty list means that all is as it was."""
    problems = []
    recorded = {record.path: record for record in release.manifest.files}
    present = files_of(release.path)
    problems += [Problem(name, "is missing") for name in recorded if name not in present]
    problems += [Problem(name, "is not in the manifest") for name in present if name not in recorded]
    problems += [
        Problem(name, "is not a file of its own")
        for name in (MANIFEST, ATTESTATION)
        if (release.path / name).is_symlink()
        or ((release.path / name).exists() and not (release.path / name).is_file())
    ]
    for name in present:
        file = release.path / name
        if name not in recorded:
            continue
        if file.is_symlink():
            problems.append(Problem(name, "is a symbolic link"))
        elif not file.is_file():
            problems.append(Problem(name, "is not a file"))
        elif digest(file) != recorded[name].sha256:
            problems.append(Problem(name, "was changed: its SHA-256 is not the one in the manifest"))
    problems += _unsigned(release)
    return sorted(problems or _contradictions(release), key=lambda problem: problem.path)


def _unsigned(release: Release) -> list[Problem]:
    """What its signatures, where it has any, are not over."""
    file = release.path / ATTESTATION
    if file.is_symlink() or not file.is_file():
        return []
    try:
        found = misfits(file.read_text(encoding="utf-8", errors="replace"), release.manifest)
    except SignatureError as error:
        return [Problem(ATTESTATION, str(error))]
    return [Problem(name, what) for name, what in found.items()]


def _contradictions(release: Release) -> list[Problem]:
    """What a manifest says that its folder and tables do not."""
    problems, said = [], release.manifest
    if _VERSIONED.fullmatch(release.path.name) and release.path.name != f"v{said.version}":
        problems.append(Problem(MANIFEST, f"is that of version {said.version}"))
    for split in SPLITS:
        files = sorted((release.path / "data" / split).glob("*.parquet"))
        told = said.counts.model_dump()[split]
        try:
            counted = int(pl.scan_parquet(files).select(pl.len()).collect().item()) if files else told
        except (OSError, pl.exceptions.PolarsError):
            problems.append(Problem(f"data/{split}", "cannot be read as Parquet"))
            continue
        if counted != told:
            problems.append(Problem(MANIFEST, f"counts {told} {split} rows, and there are {counted}"))
    return problems
