"""A release being written: a folder beside its final place, which it gets with the manifest that is written last."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from filelock import FileLock, Timeout

from strigil.common.digest_cache import stored_digest
from strigil.common.disk import cannot_write, is_full
from strigil.common.errors import ConfigError
from strigil.common.files import write_out
from strigil.data.parquet import write_parquet
from strigil.releases.manifest import MANIFEST, FileRecord, Manifest, parse_manifest
from strigil.releases.store import PARTIAL, Release, files_of

if TYPE_CHECKING:
    import polars as pl

SCRATCH = ".work"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,95}")


def check_name(name: str) -> str:
    """Returns a name that is fit for a folder.

    Raises:
        ConfigError: It is not.
    """
    if not _NAME.fullmatch(name):
        message = f"{name!r} cannot name a release"
        raise ConfigError(message, hint="use lower-case letters, digits, dots, dashes and underscores")
    return name


class Draft:
    """A release being written, in a folder of its own beside its final place, held by one process at a time.

    Used as a context manager; leaving it without `publish` keeps what was written, so that the same command resumes,
    and nothing if nothing was.

    Raises:
        ConfigError: The name is not fit for a folder, the folder cannot be written, or another process holds it.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.name = check_name(name)
        self.home = root / name
        self.folder = self.home / PARTIAL
        self._lock = FileLock(self.home / ".lock", timeout=0)

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            # Files of the one that held it before and was killed.
            for left in self.folder.rglob(".*.tmp*"):
                left.unlink()
        except Timeout as error:
            message = f"another process is writing a release in {self.home}"
            raise ConfigError(message, hint="wait for it, or choose another folder with --out") from error
        except OSError as error:
            if is_full(error):
                raise cannot_write(self.home, error) from error
            message = f"cannot write to {self.home}: {error.strerror or error}"
            raise ConfigError(message, hint="choose another folder with --out") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()
        self._lock.release()
        if error is not None and is_full(error):
            raise cannot_write(self.folder, error) from error

    def write_table(self, folder: str, frame: pl.DataFrame | pl.LazyFrame, *, run: str) -> None:
        """Writes `FOLDER/part-00000.parquet`; `run` is kept in the file's own metadata."""
        write_parquet(frame, self.folder / folder / "part-00000.parquet", metadata={"strigil.run": run})

    def write_text(self, path: str, text: str) -> None:
        """Writes a text file."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def scratch(self) -> Path:
        """A folder for work in progress, which `publish` removes."""
        path = self.folder / SCRATCH
        path.mkdir(exist_ok=True)
        return path

    def records(self) -> list[FileRecord]:
        """The files written so far, with their digests; work in progress is not among them."""
        return _records(self.folder)

    def publish(self, manifest: Manifest) -> Release:
        """Hashes every file, writes the manifest last and gives the folder its final name.

        Raises:
            ConfigError: The version exists already; a release never changes.
        """
        final = self.home / f"v{manifest.version}"
        if final.exists():
            message = f"{final} exists already, and a release never changes"
            raise ConfigError(message)
        shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
        text = manifest.model_copy(update={"files": _records(self.folder)}).render()
        complete = parse_manifest(text.encode(), source=str(final / MANIFEST))
        write_out(self.folder / MANIFEST, text)
        self.folder.rename(final)
        return Release(final, complete)


def _records(folder: Path) -> list[FileRecord]:
    return [
        FileRecord(path=name, sha256=stored_digest(folder / name), size=(folder / name).stat().st_size)
        for name in files_of(folder)
        if (folder / name).is_file() and not name.startswith(f"{SCRATCH}/")
    ]
