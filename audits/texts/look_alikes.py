"""Text as a reader sees it: look-alike letters as plain ones, invisible characters gone, places in the text kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import polars as pl
from pydantic import RootModel

from strigil.audits.suite.findings import places_of
from strigil.common.validation import packaged_yaml

ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
# Blocks of pictured letters without a compatibility form: flags' letters, letters on dark circles and dark squares.
BLOCKS: Final = (0x1F1E6, 0x1F150, 0x1F170)
# Characters without a picture: whether they leave a gap, or nothing at all, is up to what shows the text. Controls,
# blank signs and letters, what Unicode gives no meaning to.
UNSURE: Final = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{2800}\x{3164}\x{FFA0}\x{115F}\x{1160}\x{FFFC}\x{1D159}\p{Co}\p{Cn}]"
)
# What is never seen, and never a gap.
UNSEEN: Final = r"[\p{Mn}\p{Me}\p{Cf}]"
_UNSURE: Final = frozenset("\u2800\u3164\uffa0\u115f\u1160\ufffc\U0001d159")
_SPACES: Final = frozenset("\t\n\r")
# From an override to its end or the line's, a text is shown from right to left.
_TURNED: Final = re.compile("\u202e[^\u202c\n]*")
_ASCII_UNSURE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What is not ASCII, besides marks that folding leaves as they are.
FOREIGN: Final = "[^\\x00-\\x7F\u2013\u2014\u2018\u2019\u201c\u201d\u20ac\u00a3\u00a9\u00ae\u00b0\u00d7]"
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
        first, last = sorted((self.places[start], self.places[end - 1]))
        return slice(first, last + 1)


def fold(text: str, gap: str = " ") -> Folded:
    """Folds a text character by character; `gap` is what a reader sees of what may be one."""
    if text.isascii() and not _ASCII_UNSURE.search(text):
        return Folded(text, range(len(text)))
    return _folded(text, range(len(text)), gap)


def _folded(text: str, order: Sequence[int], gap: str) -> Folded:
    plain = {character: _plain(character, gap) for character in set(text)}
    if all(len(letter) == 1 for letter in plain.values()):
        read = text if isinstance(order, range) else "".join(text[place] for place in order)
        table = {ord(one): letter for one, letter in plain.items() if one != letter}
        return Folded(read.translate(table), order if isinstance(order, range) else tuple(order))
    places = [place for place in order for _ in plain[text[place]]]
    return Folded("".join(plain[text[place]] for place in order), tuple(places))


def foldings(text: str) -> list[Folded]:
    """Every way in which a reader may see a text: what may be a gap as one, as none, and turned where it says so."""
    found = [fold(text), fold(text, "")]
    if _TURNED.search(text):
        order = list(range(len(text)))
        for run in _TURNED.finditer(text):
            order[run.start() : run.end()] = reversed(order[run.start() : run.end()])
        found.append(_folded(text, order, ""))
    return list({each.text: each for each in reversed(found)}.values())[::-1]


def fold_expr(text: pl.Expr, gap: str = " ") -> pl.Expr:
    """`fold` for a column, without the places."""
    table = look_alikes()
    sure = text.str.replace_all(UNSURE, gap)
    visible = sure.str.replace_many(list(table), list(table.values())).str.normalize("NFKD")
    return visible.str.replace_all(UNSEEN, "").str.replace_many(list(table), list(table.values()))


def unhidden(text: str) -> str:
    """A text without anything that is not seen, its letters as they are; for what only works as it is written."""
    if text.isascii() and not _ASCII_UNSURE.search(text):
        return text
    # A text is long, and has few characters that differ.
    return text.translate({ord(character): None for character in set(text) if _is_hidden(character)})


def worst_reading(texts: pl.Series, score: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """The findings against n texts as a reader may see them: where there are two readings, the higher score.

    Args:
        texts: n texts without nulls.
        score: Finds something in texts, one line (`FINDINGS`) each.
    """
    odd = texts.str.contains(f"{FOREIGN}|{UNSURE}")
    if not odd.any():
        return score(texts)
    seen = pl.select(pl.coalesce(_fold(texts.filter(odd), " ").gather(places_of(odd)), texts)).to_series()
    found = score(seen)
    hidden = texts.str.contains(UNSURE)
    if not hidden.any():
        return found
    other = score(_fold(texts.filter(hidden), "")).select(pl.all().gather(places_of(hidden)).name.prefix("other_"))
    worse = pl.col("other_score").fill_null(-1.0) > pl.col("score")
    return found.hstack(other).select(
        pl.when(worse).then(pl.col(f"other_{name}")).otherwise(pl.col(name)).alias(name) for name in found.columns
    )


def _fold(texts: pl.Series, gap: str) -> pl.Series:
    return pl.DataFrame({"text": texts}).select(fold_expr(pl.col("text"), gap)).to_series()


@cache
def look_alikes() -> dict[str, str]:
    """Each look-alike character with its letter."""
    listed = packaged_yaml("strigil.audits.texts", "look_alikes.yaml", _Table).root
    table = {character: letter for letter, characters in listed.items() for character in characters}
    return table | {chr(start + place): letter for start in BLOCKS for place, letter in enumerate(ALPHABET)}


@cache
def _plain(character: str, gap: str) -> str:
    known = look_alikes()
    if _is_unsure(character):
        return gap
    if character.isascii():
        return character
    if character in known:
        return known[character]
    parts = (part for part in unicodedata.normalize("NFKD", character) if unicodedata.category(part) not in INVISIBLE)
    return "".join(known.get(part, part) for part in parts)


def _is_hidden(character: str) -> bool:
    return _is_unsure(character) or unicodedata.category(character) in INVISIBLE


@cache
def _is_unsure(character: str) -> bool:
    if character in _SPACES:
        return False
    return character in _UNSURE or unicodedata.category(character) in {"Cc", "Co", "Cn"}
