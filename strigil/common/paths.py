"""Names that came from outside and become paths here: of a manifest's files, objects in a bucket, files on the Hub."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

from strigil.common.errors import DataError

_PART: Final = re.compile(r"[^/\\\0-\x1f\x7f]{1,255}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")


def plain_path(name: str, source: str) -> PurePosixPath:
    """A name as a path that stays below the folder that it is put into, on every system.

    Raises:
        DataError: It is absolute, empty in a part, leads upwards or holds what no name should; the message begins with
            `source`.
    """
    parts = name.split("/")
    if _DRIVE.match(name) or not all(_PART.fullmatch(part) and part not in {".", ".."} for part in parts):
        message = f"{source}: {name!r} is not a plain path below its folder"
        raise DataError(message, hint="rename it where it is: no leading or double slash, no '..', no backslash")
    return PurePosixPath(*parts)
