"""Releases that a command reads stay what they are: nothing is written into their folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from strigil.common.errors import ConfigError
from strigil.common.files import STDOUT
from strigil.releases.manifest import MANIFEST
from strigil.releases.store import versions


def check_kept(written: Sequence[Path], read: Sequence[str]) -> None:
    """Makes sure that no file is written into a release that is read, since every file of one is on record.

    Args:
        written: Files that a user wants written.
        read: Paths and addresses of data.

    Raises:
        ConfigError: One would be, and the release would be another one afterwards.
    """
    homes = [Path(name).resolve() for name in read if _is_release(Path(name))]
    for path in written:
        if path != STDOUT and any(path.resolve().is_relative_to(home) for home in homes):
            message = f"{path} would be written into the release that this command reads"
            raise ConfigError(message, hint="give a file elsewhere to write")


def _is_release(path: Path) -> bool:
    return path.is_dir() and ((path / MANIFEST).exists() or bool(versions(path)))
