"""What a packed file holds, as far as that is not far more than its size."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from strigil.common.errors import DataError, first_line
from strigil.data.formats.kinds import PACKED
from strigil.data.limits import FREE_BYTES, UNPACKS_TO, unpacks


def open_unpacked(source: BinaryIO, path: Path, *, size: int, name: str) -> io.BufferedReader:
    """The bytes of a file, unpacked if its name says that it is packed.

    Args:
        source: The file, from its beginning.
        path: Its name.
        size: How many bytes it has.
        name: What messages call it.

    Raises:
        DataError: While reading: it is damaged, or unpacks to far more than its size.
    """
    if path.suffix not in PACKED:
        return io.BufferedReader(source)  # type: ignore[arg-type]  # it only reads into its buffer
    packed = pa.CompressedInputStream(pa.PythonFile(source, "r"), PACKED[path.suffix])
    return io.BufferedReader(_Bounded(packed, size * UNPACKS_TO + FREE_BYTES, name))


class _Bounded(io.RawIOBase):
    def __init__(self, packed: pa.NativeFile, allowed: int, name: str) -> None:
        self._packed = packed
        self._left = allowed
        self._name = name

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # all that BufferedReader gives
        """Fills a buffer."""
        try:
            block = self._packed.read(len(buffer))
        except OSError as error:
            message = f"cannot unpack {self._name}: {first_line(error)}"
            raise DataError(message) from error
        self._left -= len(block)
        if self._left < 0:
            raise unpacks(self._name)
        buffer[: len(block)] = block
        return len(block)
