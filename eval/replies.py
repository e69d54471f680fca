"""A judge's replies, kept as they come: what was paid for once is not asked again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.canonical import digest
from strigil.common.errors import DataError


class _Line(BaseModel):
    """One reply, and the digest of what was asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    asked: str
    reply: str


class Replies:
    """Replies by the text that was asked; use it as a context manager, within which each is on disk at once.

    Args:
        file: JSON Lines that are gone on with; None keeps nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._found: dict[str, str] = {}
        self._stream: IO[str] | None = None

    def __contains__(self, asked: str) -> bool:
        return digest(asked) in self._found

    def __getitem__(self, asked: str) -> str:
        return self._found[digest(asked)]

    def __setitem__(self, asked: str, reply: str) -> None:
        line = _Line(asked=digest(asked), reply=reply)
        self._found[line.asked] = line.reply
        if self._stream is not None:
            self._stream.write(line.model_dump_json() + "\n")

    def __enter__(self) -> Self:
        """Reads what is there.

        Raises:
            DataError: The file cannot be read or written.
        """
        if self._file is None:
            return self
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            text = self._file.read_text(encoding="utf-8", errors="replace") if self._file.exists() else ""
            self._stream = self._file.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            message = f"cannot keep replies in {self._file}: {error.strerror or error}"
            raise DataError(message) from error
        self._found = {line.asked: line.reply for line in _lines(text)}
        if text and not text.endswith("\n"):
            # What a kill left half written must not spoil the next line as well.
            self._stream.write("\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def _lines(text: str) -> Iterator[_Line]:
    for line in text.splitlines():
        try:
            yield _Line.model_validate_json(line)
        except ValidationError:
            continue
