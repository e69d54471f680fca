"""What a parser is given to do and how it ended, as processes tell each other; imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strigil.data.readers import NamedFile


@dataclass(frozen=True)
class Job:
    """Files to parse, the folder that their paths are relative to, where to unpack them, bytes and seconds at most."""

    files: tuple[NamedFile, ...]
    working: Path
    folder: Path
    memory: int
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How a parser ended: its status, minus the signal's number if one ended it, what it pickled, what it printed."""

    status: int
    answers: bytes
    words: bytes
