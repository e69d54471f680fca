"""Text files looked through in blocks before they are parsed: UTF-8, and lines that end."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from strigil.common.errors import DataError

LONGEST_LINE: Final = 16 << 20
BLOCK: Final = 1 << 20
_GZIP: Final = b"\x1f\x8b"


def check_lines(path: Path, *, name: str) -> None:
    """Makes sure that a text file is UTF-8 and that no line is endless.

    Raises:
        DataError: It is not; the message names the line.
    """
    deque(lines_of(path, name=name), maxlen=0)


def lines_of(path: Path, *, name: str) -> Iterator[list[bytes]]:
    """The lines of a text file without their ends, some at a time.

    Raises:
        DataError: It is not UTF-8, or a line is endless; the message names it.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    number, begun = 1, b""
    with path.open("rb") as stream:
        if stream.peek(2)[:2] == _GZIP:
            message = f"{name} is packed with gzip: give it a name that ends in .gz"
            raise DataError(message)
        while block := stream.read(BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise _not_utf8(name, number + block.count(b"\n", 0, error.start), error) from error
            lines = (begun + block).split(b"\n")
            if max(map(len, lines)) > LONGEST_LINE:
                message = f"{name}: line {number} or one after it is longer than {LONGEST_LINE >> 20} MiB"
                raise DataError(message)
            begun = lines.pop()
            number += len(lines)
            yield lines
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(name, number, error) from error
    if begun:
        yield [begun]


def _not_utf8(name: str, number: int, error: UnicodeDecodeError) -> DataError:
    return DataError(f"{name}: line {number} is not UTF-8: {error.reason}")
