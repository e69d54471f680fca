"""Digests of large files, computed once: weights of gigabytes are asked for at every run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from strigil.common.cache import cache_dir
from strigil.common.canonical import Json, digest, file_digest
from strigil.common.files import write_out

LARGE: Final = 8 << 20


def stored_digest(path: Path) -> str:
    """SHA-256 of a file's bytes; that of a large file is remembered for as long as its size and times stay the same."""
    state = path.stat()
    if state.st_size < LARGE:
        return file_digest(path)
    key: dict[str, Json] = {"path": str(path.resolve()), "size": state.st_size, "mtime": state.st_mtime_ns}
    key["ctime"] = state.st_ctime_ns  # a file's own time can be set back, this one cannot
    entry = cache_dir() / "digests" / f"{digest(key)}.json"
    try:
        remembered: str = json.loads(entry.read_text(encoding="utf-8"))["sha256"]
    except FileNotFoundError:
        remembered = file_digest(path)
        write_out(entry, json.dumps({**key, "sha256": remembered}))
    return remembered
