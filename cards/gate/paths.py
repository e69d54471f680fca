"""Paths as a repository knows them."""

from __future__ import annotations

import os
from pathlib import Path


def is_address(path: str) -> bool:
    """Whether it is a place on the Hub or in a bucket, not a path."""
    return "://" in path


def relative(path: str, root: Path) -> str:
    """A path relative to a folder, with forward slashes; of one outside of it only the name, which gives nothing away.

    An address stays as it is.

    Args:
        path: As the user wrote it, relative to the current folder or absolute.
        root: The folder, absolute.
    """
    if is_address(path):
        return path
    whole = Path(os.path.normpath(root / path))
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.name
