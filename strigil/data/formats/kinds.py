"""Which kind of file a name says that it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

PARQUET: Final = ".parquet"
JSON: Final = (".jsonl", ".json")
DELIMITED: Final[Mapping[str, str]] = {".csv": ",", ".tsv": "\t"}
ARROW: Final = (".arrow", ".feather")
PACKED: Final[Mapping[str, str]] = {".gz": "gzip", ".zst": "zstd"}
_SUFFIXES: Final = (PARQUET, *JSON, *DELIMITED, *ARROW)
SPOKEN: Final = f"{', '.join(_SUFFIXES[:-1])} or {_SUFFIXES[-1]}"


def kind_of(file: Path) -> str:
    """The suffix that says what it is, packed or not."""
    return Path(file.stem).suffix if file.suffix in PACKED else file.suffix


def is_table(name: str) -> bool:
    """Whether a file's name is that of a table, packed or not."""
    return kind_of(Path(name)) in _SUFFIXES
