"""One training of a student at a time, whoever asks for it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Waits until no other process is training what goes to a folder; the lock of a killed one is free at once."""
    out.parent.mkdir(parents=True, exist_ok=True)
    lock = out.with_name(f".{out.name}.lock")
    with FileLock(lock):
        try:
            yield
        finally:
            # Whoever waits for this file sees that it has no name any more, and takes one that has.
            lock.unlink(missing_ok=True)
