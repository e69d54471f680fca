"""Where strigil keeps what it can fetch or compute again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """The cache folder: `$STRIGIL_CACHE`, or `~/.cache/strigil`. It may not exist yet."""
    chosen = os.environ.get("STRIGIL_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "strigil"
