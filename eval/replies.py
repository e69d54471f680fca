"""A judge's replies, kept as they come: what was paid for once is not asked again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from strigil.common.canonical import digest
from strigil.common.errors import DataError


class Replies:
    """Replies by the text that was asked, in JSON Lines that are gone on with; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._found: dict[str, str] = {}
        with self._explained():
            text = file.read_text(encoding="utf-8", errors="replace") if file is not None and file.exists() else ""
        # What a kill left half written must not spoil the next line as well.
        self._lead = "\n" if text and not text.endswith("\n") else ""
        for line in text.splitlines():
            with suppress(ValueError, KeyError, TypeError):
                kept = json.loads(line)
                self._found[kept["asked"]] = kept["reply"]

    def __contains__(self, asked: str) -> bool:
        return digest(asked) in self._found

    def __getitem__(self, asked: str) -> str:
        return self._found[digest(asked)]

    def __setitem__(self, asked: str, reply: str) -> None:
        self._found[digest(asked)] = reply
        if self._file is None:
            return
        line = json.dumps({"asked": digest(asked), "reply": reply}, ensure_ascii=False)
        with self._explained():
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"{self._lead}{line}\n")
        self._lead = ""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"cannot keep replies in {self._file}: {error.strerror or error}"
            raise DataError(message) from error
