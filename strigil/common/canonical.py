"""Canonical JSON and the digests built on it: the one place that decides what "the same" means."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TypeAlias

from strigil.common.errors import DataError

Json: TypeAlias = "str | int | float | bool | list[Json] | tuple[Json, ...] | dict[str, Json] | None"

_CHUNK = 1 << 20


def canonical_json(value: Json) -> bytes:
    """Encodes a JSON value so that equal values give equal bytes, on every machine.

    Keys are sorted by code point, there is no white space, text is UTF-8 as it is (no Unicode normalisation: texts that
    differ in one code point are different rows), floats are Python's shortest round-trip form, and a whole float keeps
    its `.0`, so that 1 and 1.0 differ. NaN and infinities have no JSON form.

    Raises:
        DataError: The value holds NaN, an infinity or a lone surrogate.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # UnicodeEncodeError is one too
        message = f"this value has no canonical JSON form: {error}"
        raise DataError(message) from error


def digest(value: Json) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def derive_seed(*parts: Json) -> int:
    """A seed in [0, 2**31) that depends on every part, so that neighbouring rows get unrelated random numbers."""
    return int(digest(list(parts))[:8], 16) >> 1


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; reads in blocks."""
    sha = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            sha.update(block)
    return sha.hexdigest()
