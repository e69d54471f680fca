"""Temporary folders: gone with the command, or with the next one after a command that was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import BinaryIO, Final

from strigil.common.disk import Writing

_MARK: Final = ".strigil-scratch"


@contextmanager
def scratch_folder(home: Path | None = None) -> Iterator[Path]:
    """A folder for as long as the block runs; those that killed commands left beside it are removed.

    Args:
        home: Where it is; it must be there. The system's folder for temporary files if not given.

    Raises:
        PrerequisiteError: The disk is full.
    """
    home = home or Path(gettempdir())
    for mark in home.glob(f"strigil-*/{_MARK}"):
        _remove_left(mark)
    # It has the name that others look for once it is held: nobody takes it for one that was left.
    folder = Path(mkdtemp(prefix=".strigil-", dir=home))
    try:
        with (folder / _MARK).open("wb") as held:
            hold(held)
            folder = folder.rename(home / folder.name.removeprefix("."))
            with Writing(folder):
                yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hold(stream: BinaryIO) -> None:
    """Holds a file for as long as it is open; where a file system has no locks, what is left there stays."""
    with suppress(OSError):
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def held_by_nobody(file: Path) -> bool:
    """Whether the process that made a file and holds it is gone; not, if that cannot be found out."""
    with suppress(OSError), file.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _remove_left(mark: Path) -> None:
    with suppress(OSError):
        if mark.stat().st_uid == os.getuid() and held_by_nobody(mark):
            shutil.rmtree(mark.parent, ignore_errors=True)
