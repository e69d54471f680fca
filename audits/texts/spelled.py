"""Words that are spelled with digits for letters, or letter by letter."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from statistics import mode
from typing import Final

from strigil.audits.texts.look_alikes import LETTER

DIGITS: Final = {"a": "4@", "b": "8", "e": "3", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7"}
# 1 stands for l and for i, so that these two are one.
FROM_DIGITS: Final = str.maketrans(
    {sign: letter for letter, signs in DIGITS.items() for sign in signs} | {"1": "l", "i": "l", "!": "l"}
)
FEWEST_LETTERS: Final = 2
MIXED: Final = re.compile(
    rf"(?<![{LETTER}0-9])(?=[A-Za-z]*[0-9@$!])[A-Za-z0-9@$](?:[A-Za-z0-9@$]|!(?=[A-Za-z])){{0,30}}(?![{LETTER}0-9])"
)
# A short for "localization" that everybody uses.
NO_WORD: Final = frozenset({"l10n"})
HEXADECIMAL: Final = re.compile("[0-9a-f]+")
SPACED: Final = re.compile(
    rf"(?<![{LETTER}0-9])[a-z0-9]([ ._~/|\t\n·•-])\1{{0,2}}[a-z0-9](?:\1{{1,3}}[a-z0-9])+(?![{LETTER}0-9])",
    re.IGNORECASE,
)
ACRONYM: Final = re.compile(r"[A-Z](?:\.[A-Z])+")


def with_digits(text: str, words: Container[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Words that digits or signs stand in, and where; `words` and those found are translated by `FROM_DIGITS`."""
    for match in MIXED.finditer(text):
        written = match[0].lower()
        word = written.translate(FROM_DIGITS)
        if word not in words or written in NO_WORD or HEXADECIMAL.fullmatch(written):
            continue
        if FEWEST_LETTERS <= sum(character.isalpha() for character in written) < len(written):
            yield word, match.span()


def letter_by_letter(text: str, words: Container[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Words of spaced letters, one more letter before or after them perhaps, and where."""
    for match in SPACED.finditer(text):
        if ACRONYM.match(match[0]):
            continue
        spelled = _spelled(match[0].lower(), mark=match[1])
        near = (each for word in spelled for each in (word, word[1:], word[:-1]))
        if (named := next((each for each in near if each in words), None)) is not None:
            yield named, match.span()


def _spelled(letters: str, *, mark: str) -> list[str]:
    """The words of spaced letters: "o w l", or "s n o w   o w l" where a wider gap parts two of them."""
    usual = mode(len(gap) for gap in re.findall(f"{re.escape(mark)}+", letters))
    return [word.replace(mark, "") for word in letters.split(mark * (usual + 1))]
