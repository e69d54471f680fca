"""Patterns of paths for places that have no folders of their own, such as buckets and the Hub."""

from __future__ import annotations

import re
from typing import Final

_PIECES: Final = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANINGS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_pattern(path: str) -> bool:
    """Whether a path stands for several."""
    return "*" in path or "?" in path


def path_pattern(pattern: str) -> re.Pattern[str]:
    """A whole relative path: `*` and `?` stand for a part of a name, `**` for any number of folders."""
    return re.compile("".join(_MEANINGS.get(piece) or re.escape(piece) for piece in _PIECES.findall(pattern)))


def split_pattern(path: str) -> tuple[str, str]:
    """The folder that all paths of a pattern share, and the rest; of a plain path, its folder and its name."""
    parts = path.split("/")
    fixed = next((place for place, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    return "/".join(parts[:fixed]), "/".join(parts[fixed:])
