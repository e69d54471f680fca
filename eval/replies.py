"""A judge's replies, kept as they come: what was paid for once is not asked again."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from strigil.common.canonical import digest
from strigil.common.kept_lines import KeptLines


class Replies:
    """Replies by the text that was asked, in JSON Lines that are gone on with; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._lines = KeptLines(file, "replies")
        self._found: dict[str, str] = {}
        for line in self._lines.found:
            with suppress(ValueError, KeyError, TypeError):
                kept = json.loads(line)
                self._found[kept["asked"]] = kept["reply"]

    def __contains__(self, asked: str) -> bool:
        return digest(asked) in self._found

    def __getitem__(self, asked: str) -> str:
        return self._found[digest(asked)]

    def __setitem__(self, asked: str, reply: str) -> None:
        self._found[digest(asked)] = reply
        self._lines.add(json.dumps({"asked": digest(asked), "reply": reply}, ensure_ascii=False))
