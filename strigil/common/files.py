"""Files that a user names: written whole or not at all, and nothing replaced that is not a file."""

from __future__ import annotations

import glob
import hashlib
import secrets
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from strigil.common.disk import cannot_write
from strigil.common.errors import ConfigError
from strigil.common.scratch import held_by_nobody, hold

STDOUT: Final = Path("-")
# What is behind a name in these was opened by somebody else, also where it is a regular file.
_OPENED: Final = ("/dev/", "/proc/")


def check_apart(written: Sequence[Path], read: Sequence[str]) -> None:
    """Makes sure, before anything is done, that no file is written over one that is read, or over another.

    Args:
        written: Files that a user wants written; `-`, devices and pipes may be named twice.
        read: Files, globs and folders that are read; addresses elsewhere are no files.

    Raises:
        ConfigError: One would be.
    """
    sources = [source.resolve() for name in read for source in map(Path, [name, *_globbed(name)])]
    taken: set[Path] = set()
    for path in written:
        if path == STDOUT or _written_into(path):
            continue
        place = path.resolve()
        if any(
            place == source or (source.is_dir() and place.exists() and source in place.parents) for source in sources
        ):
            message = f"{path} is read by this command, and would be written over"
            raise ConfigError(message, hint="give another file to write")
        if place in taken:
            message = f"{path} would be written twice"
            raise ConfigError(message, hint="give each a file of its own")
        taken.add(place)


def _globbed(name: str) -> list[str]:
    return glob.glob(name, recursive=True)  # noqa: PTH207  # Path.glob takes no absolute pattern


def write_out(path: Path, content: str | bytes) -> None:
    """Writes a file that a user named: `-` is stdout; a device, a pipe or a descriptor is written into.

    Raises:
        ConfigError: It cannot be written.
        PrerequisiteError: The disk is full.
    """
    data = content.encode() if isinstance(content, str) else content
    if path == STDOUT:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    if _written_into(path):
        with _explained(path), path.open("wb") as stream:
            stream.write(data)
        return
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary name beside a file, which becomes the file when the block ends well and is gone when it does not.

    What a killed command left under such a name is removed first.

    The folder is made if it is not there. What a symbolic link leads to is replaced, not the link; a file that is there
    keeps its mode.

    Raises:
        ConfigError: It cannot be written.
        PrerequisiteError: The disk is full.
    """
    with _explained(path):
        target = path.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        beginning = f".{hashlib.sha256(target.name.encode(errors='surrogateescape')).hexdigest()[:16]}-"
        for left in target.parent.glob(f"{beginning}*.tmp*"):
            if held_by_nobody(left):
                left.unlink(missing_ok=True)
        temporary = target.with_name(f"{beginning}{secrets.token_hex(8)}.tmp{target.suffix}")
        try:
            with temporary.open("wb") as stream:
                hold(stream)
                yield temporary
            if target.is_file():
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _written_into(path: Path) -> bool:
    """Whether a path is no regular file that could be replaced by another."""
    if str(path.absolute()).startswith(_OPENED):
        return True
    return path.exists() and not path.is_file() and not path.is_dir()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from error
