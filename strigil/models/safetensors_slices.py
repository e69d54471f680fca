"""Weights in safetensors files, read slice by slice: a model of any size in a few megabytes of memory."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from strigil.common.errors import DataError

FloatArray = NDArray[np.float32]
# Little-endian on disk; bfloat16 has no type in numpy and is widened by hand.
_READ_AS: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
# The format's own limit.
_LONGEST_HEADER: Final = 100_000_000


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


_HEADER: Final = TypeAdapter(dict[str, _Entry])


@dataclass(frozen=True)
class Tensor:
    """One tensor in a file; `start` is its first byte."""

    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def read(self, first: int, count: int) -> FloatArray:
        """`count` values from the `first`, in row-major order, as float32.

        Raises:
            DataError: The file ends before.
        """
        kind = np.dtype(_READ_AS[self.dtype])
        with self.file.open("rb") as stream:
            stream.seek(self.start + first * kind.itemsize)
            data = stream.read(count * kind.itemsize)
        if len(data) != count * kind.itemsize:
            message = f"{self.file} is cut off"
            raise DataError(message)
        values = np.frombuffer(data, dtype=kind)
        if self.dtype == "BF16":
            return (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
        return values.astype(np.float32)


def float_tensors(folder: Path, names: Sequence[str] = ()) -> dict[str, Tensor]:
    """The floating-point tensors of a model's folder by name, over its safetensors files: those named, or all.

    Raises:
        DataError: A file's header is not one of safetensors.
    """
    return {
        name: Tensor(file, entry.dtype, entry.shape, start + entry.data_offsets[0])
        for file in ([folder / name for name in names] or sorted(folder.glob("*.safetensors")))
        for name, entry, start in _header(file)
        if entry.dtype in _READ_AS
    }


def _header(file: Path) -> Iterator[tuple[str, _Entry, int]]:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(_LONGEST_HEADER, file.stat().st_size):
            message = f"{file} is not a safetensors file"
            raise DataError(message)
        text = stream.read(length)
    try:
        value = json.loads(text)
        named = {key: entry for key, entry in value.items() if key != "__metadata__"}
        entries = _HEADER.validate_python(named)
    except (ValueError, AttributeError, ValidationError) as error:
        message = f"{file} is not a safetensors file: its header cannot be read"
        raise DataError(message) from error
    yield from ((name, entry, 8 + length) for name, entry in entries.items())
