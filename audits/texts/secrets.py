"""What opens something: keys and tokens by how their providers write them or by their name, private keys, passwords."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, RootModel

from strigil.audits.texts.look_alikes import UNSEEN, UNSURE, unhidden
from strigil.audits.texts.named_secrets import NAMED_SIGN, named_secrets
from strigil.common.validation import packaged_yaml

if TYPE_CHECKING:
    import polars as pl

_HIDDEN: Final = f"{UNSEEN}|{UNSURE}"
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


def secrets(text: str, *, only_named: bool = False) -> Iterator[tuple[str, str]]:
    """Every secret that a text holds, with its kind; placeholders are none, and what is not seen hides nothing.

    Args:
        text: Where to look.
        only_named: Whether nothing that a key begins with is in it (`may_hold_keys`).
    """
    if only_named:
        yield from ((kind, value) for kind, value in dict.fromkeys(named_secrets(text)) if not _says_so(value))
        return
    found = dict.fromkeys(_secrets(text))
    plain = unhidden(text)
    if plain != text:
        found |= dict.fromkeys(_secrets(plain))
    yield from found


def _secrets(text: str) -> Iterator[tuple[str, str]]:
    yield from ((PRIVATE, found[0]) for found in PRIVATE_KEY.finditer(text))
    known: set[str] = set()
    for kind in dict.fromkeys(kind for start, kind in _starts() if start in text):
        for found in _patterns()[kind].finditer(text):
            known.add(found[0])
            if not NO_KEY.search(found[0]):
                yield kind, found[0]
    for found in ADDRESS.finditer(text) if "://" in text else ():
        if not NO_PASSWORD.search(found["password"]):
            yield IN_ADDRESS, found[0]
    for kind, value in named_secrets(text):
        if not any(value in one or one in value for one in known) and not _says_so(value):
            yield kind, value


def _says_so(value: str) -> bool:
    return NO_KEY.search(value) is not None or NO_PASSWORD.search(value) is not None


def may_hold_secrets(text: pl.Expr) -> pl.Expr:
    """A first look: a text without any of this holds no secret."""
    return may_hold_keys(text) | text.str.contains(NAMED_SIGN)


def may_hold_keys(text: pl.Expr) -> pl.Expr:
    """The same but for what is a secret by its name alone."""
    return text.str.contains_any(list(_beginnings())) | text.str.contains(_HIDDEN)


@cache
def signs_of_secrets() -> str:
    """The first look as one pattern, for one pass over many texts."""
    return f"{'|'.join(map(re.escape, _beginnings()))}|{NAMED_SIGN}|{_HIDDEN}"


@cache
def _beginnings() -> tuple[str, ...]:
    return tuple(sorted({start for start, _ in _starts()} | {"PRIVATE KEY", "://"}))


@cache
def _starts() -> tuple[tuple[str, str], ...]:
    return tuple((start, kind) for kind, written in _kinds().items() for start in written.starts)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(f"{EDGE}(?:{written.pattern})") for kind, written in _kinds().items()}


@cache
def _kinds() -> dict[str, _Kind]:
    return packaged_yaml("strigil.audits.texts", "secrets.yaml", _Kinds).root
