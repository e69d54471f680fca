"""Text as a reader sees it: look-alike letters as plain ones, invisible characters gone, places in the text kept."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from pydantic import RootModel

from strigil.common.validation import packaged_yaml

if TYPE_CHECKING:
    import polars as pl

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
# Blocks of pictured letters without a compatibility form: flags' letters, letters on dark circles and dark squares.
BLOCKS: Final = (0x1F1E6, 0x1F150, 0x1F170)
# Characters that no font draws although they are letters and signs: some leave a gap, some do not.
BLANK: Final = {"\u2800": " ", "\u3164": " ", "\uffa0": " ", "\u115f": "", "\u1160": ""}
# What two or more letters, or one of the other case, are drawn like.
DRAWN: Final = {"w": "vv", "m": "rn", "l": "I"}
INVISIBLE: Final = frozenset({"Mn", "Me", "Cf"})
# Letters of scripts that write words with spaces between them; a word does not end before one.
LETTER: Final = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\u2dff\ua640-\uabff"


class _Table(RootModel[dict[str, str]]):
    """Each Latin letter with the characters that look like it."""


@dataclass(frozen=True)
class Folded:
    """The plain text, and for each of its characters the place in the original."""

    text: str
    places: tuple[int, ...] | range

    def original(self, start: int, end: int) -> slice:
        """The part of the original that `text[start:end]` comes from."""
        return slice(self.places[start], self.places[end - 1] + 1)


def fold(text: str) -> Folded:
    """Folds a text character by character."""
    if text.isascii():
        return Folded(text, range(len(text)))
    pairs = [(plain, place) for place, character in enumerate(text) for plain in _plain(character)]
    return Folded("".join(plain for plain, _ in pairs), tuple(place for _, place in pairs))


def fold_expr(text: pl.Expr) -> pl.Expr:
    """The same for a column, without the places."""
    table = look_alikes()
    visible = text.str.replace_many(list(table), list(table.values())).str.normalize("NFKD")
    return visible.str.replace_all(r"[\p{Mn}\p{Me}\p{Cf}]", "").str.replace_many(list(table), list(table.values()))


@cache
def look_alikes() -> dict[str, str]:
    """Each look-alike character with its letter, each blank one with what a reader sees."""
    listed = packaged_yaml("strigil.audits.texts", "look_alikes.yaml", _Table).root
    table = {character: letter for letter, characters in listed.items() for character in characters}
    return table | BLANK | {chr(start + place): letter for start in BLOCKS for place, letter in enumerate(ALPHABET)}


@cache
def _plain(character: str) -> str:
    known = look_alikes()
    if character.isascii():
        return character
    if character in known:
        return known[character]
    parts = (part for part in unicodedata.normalize("NFKD", character) if unicodedata.category(part) not in INVISIBLE)
    return "".join(known.get(part, part) for part in parts)
