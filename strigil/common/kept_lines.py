"""Lines that are kept as they come and gone on with: what a kill left half written spoils no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strigil.common.errors import DataError


class KeptLines:
    """Lines of a file that grows.

    Args:
        file: The file; None keeps nothing.
        what: What messages call the lines.

    Attributes:
        found: Those that were there before.

    Raises:
        DataError: The file cannot be read.
    """

    def __init__(self, file: Path | None, what: str) -> None:
        self._file, self._what = file, what
        with self._explained():
            text = file.read_text(encoding="utf-8", errors="replace") if file is not None and file.exists() else ""
        # Not by splitlines(), which also cuts where a text in JSON has a separator such as U+2028.
        self.found = [line for line in text.split("\n") if line]
        self._lead = "\n" if text and not text.endswith("\n") else ""

    def add(self, line: str) -> None:
        """Adds a line, in one write.

        Raises:
            DataError: The file cannot be written.
        """
        if self._file is None:
            return
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
            message = f"cannot keep {self._what} in {self._file}: {error.strerror or error}"
            raise DataError(message) from error
