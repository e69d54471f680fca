"""Whole-word matching of a trait's words, with confusables that never count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Span:
    """A piece of text that names a trait: `text[start:end]`."""

    start: int
    end: int


@dataclass(frozen=True)
class Matcher:
    """Finds words in text: whole words, whatever their case; a phrase of `except_in` hides the words inside it.

    The paper counts substrings (Cloud et al., 2025, section 3.1), so that "growl" counts as an owl; this does not.
    """

    words: tuple[str, ...]
    except_in: tuple[str, ...] = ()

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Longest first, and the exceptions before the words that they hide: the first alternative that fits is taken.
        hidden = "|".join(re.escape(phrase) for phrase in sorted(self.except_in, key=len, reverse=True))
        words = "|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True))
        skip = rf"(?<!\w)(?:{hidden})(?!\w)|" if hidden else ""
        return re.compile(rf"{skip}(?<!\w)(?P<word>{words})(?!\w)", re.IGNORECASE)

    def spans(self, text: str) -> Iterator[Span]:
        """Where the words are, from left to right."""
        for found in self._pattern.finditer(text):
            if found["word"] is not None:
                yield Span(found.start(), found.end())

    def mentions(self, text: str) -> bool:
        """Whether any of the words is there."""
        return next(self.spans(text), None) is not None
