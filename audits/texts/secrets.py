"""What opens something: keys and tokens by how their providers write them, private keys, passwords in addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, RootModel

from strigil.common.validation import packaged_yaml

# What stands before a key is no part of a longer name.
EDGE: Final = r"(?<![A-Za-z0-9_-])"
PRIVATE: Final = "private key"
IN_ADDRESS: Final = "password in an address"
PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[^-]{0,8192})")
ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,64}:(?P<password>[^\s/@\"'<>]{1,128})@[A-Za-z0-9\[]"
)
# A variable, or words that stand for a password that nobody has.
NO_PASSWORD: Final = re.compile(
    r"[{}$*]|^%|^(?:my|your|the|some|user|db)?[-_]?(?:password|passwd|pass|secret|token|key|api[-_]?key)\d{0,3}$"
    r"|example|change[-_]?me|placeholder|redacted|^x{2,}$|^\.{2,}$|^…$",
    re.IGNORECASE,
)
# Keys of manuals: they say so, repeat one character, or count.
NO_KEY: Final = re.compile(
    r"example|placeholder|redacted|your|x{6}|([A-Za-z0-9])\1{7}|0123456789|abcdefgh|1234567890ab", re.IGNORECASE
)


class _Kind(BaseModel):
    """How a provider writes its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    starts: tuple[str, ...]
    pattern: str


class _Kinds(RootModel[dict[str, _Kind]]):
    """Every provider's."""


def secrets(text: str) -> Iterator[tuple[str, str]]:
    """Every secret that a text holds, with its kind; placeholders are none."""
    yield from ((PRIVATE, found[0]) for found in PRIVATE_KEY.finditer(text))
    for kind, pattern in _patterns().items():
        yield from ((kind, found[0]) for found in pattern.finditer(text) if not NO_KEY.search(found[0]))
    for found in ADDRESS.finditer(text):
        if not NO_PASSWORD.search(found["password"]):
            yield IN_ADDRESS, found[0]


@cache
def secret_starts() -> tuple[str, ...]:
    """Text without any of these holds no secret."""
    return tuple(sorted({start for kind in _kinds().values() for start in kind.starts} | {"PRIVATE KEY", "://"}))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(f"{EDGE}(?:{written.pattern})") for kind, written in _kinds().items()}


@cache
def _kinds() -> dict[str, _Kind]:
    return packaged_yaml("strigil.audits.texts", "secrets.yaml", _Kinds).root
