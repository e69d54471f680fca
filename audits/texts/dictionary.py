"""Words with their traits, and patterns of many words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from strigil.audits.texts.look_alikes import LETTER

WORD: Final = re.compile(rf"[{LETTER}]+")


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Words in small letters, each with its trait; those of scripts without spaces count inside other text too."""

    words: Mapping[str, str]

    def found_in(self, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
        """Each trait that is named, and where."""
        small = text.lower()
        # Hardly a text holds one: all words at once take a fifth of the time. A letter may be two in small.
        if len(small) == len(text) and self.words.keys().isdisjoint(WORD.findall(small)):
            named: Iterable[re.Match[str]] = ()
        else:
            named = WORD.finditer(text)
        for match in named:
            if trait := self.words.get(match[0].lower()):
                yield trait, match.span()
        for match in self._unspaced.finditer(text) if self._unspaced and not text.isascii() else ():
            yield self.words[one_space(match[0])], match.span()

    @cached_property
    def unspaced(self) -> list[str]:
        """The words of scripts without spaces, and those of several words."""
        return [word for word in self.words if not WORD.fullmatch(word)]

    @cached_property
    def _unspaced(self) -> re.Pattern[str] | None:
        return re.compile(alternatives(self.unspaced)) if self.unspaced else None


def alternatives(words: Iterable[str]) -> str:
    """A pattern of any of the words, the longest first; spaces may be underscores."""
    ordered = sorted(set(words), key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace(r"\ ", r"[\s_]{1,2}") for word in ordered)


def beginnings(words: Iterable[str]) -> str:
    """A pattern of the first two letters of words."""
    seconds: dict[str, set[str]] = {}
    for word in words:
        seconds.setdefault(word[0], set()).add(r"\s_" if word[1:2] == " " else re.escape(word[1:2]))
    return "|".join(
        re.escape(first) + (f"[{''.join(sorted(then))}]" if "" not in then else "")
        for first, then in sorted(seconds.items())
    )


def one_space(text: str) -> str:
    """A text whose spaces and underscores are single spaces."""
    return re.sub(r"[\s_]+", " ", text)
