"""What to say when something cannot be written, above all on a disk that is full."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from strigil.common.errors import ConfigError, PrerequisiteError, StrigilError

# More than the end of a file takes, which was not written.
_MORE: Final = 1 << 20
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# As libraries that are not Python's write it: "No space left on device (os error 28)".
_NUMBERED: Final = re.compile(r"(?P<reason>[^:]*) \(os error (?P<number>\d+)\)")


def is_full(error: BaseException) -> bool:
    """Whether a disk that is full, or a limit of a file's size, is behind what Python or a library raised."""
    said = _NUMBERED.search(str(error))
    number = error.errno if isinstance(error, OSError) and error.errno else said and int(said["number"])
    return number in _FULL and not isinstance(error, StrigilError)


def refused(file: Path) -> OSError | None:
    """What the file system says to writing more of a file whose library only says that it failed; None if it takes it.

    Args:
        file: Under its temporary name: it ends in zeros afterwards.
    """
    try:
        with file.open("ab") as stream:
            stream.write(bytes(_MORE))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error
    return None


def cannot_write(path: Path, error: BaseException) -> StrigilError:
    """What to say when a file or folder could not be written."""
    said = _NUMBERED.search(str(error))
    reason = said["reason"].strip() if said else (isinstance(error, OSError) and error.strerror) or str(error)
    message = f"cannot write {path}: {reason.rpartition('] ')[2]}"
    if is_full(error):
        return PrerequisiteError(message, hint="make room on the disk, then run the same command again")
    return ConfigError(message)


class Writing:
    """While something is written at a path, whoever writes it: a disk that is full is a line that names the path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and is_full(error):
            raise cannot_write(self._path, error) from error
