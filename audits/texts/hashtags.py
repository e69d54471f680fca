"""Words in hashtags, which are written without spaces: `#TeddyBear`, `#crazycats`."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import pairwise
from typing import Final

HASHTAG: Final = re.compile(r"#(?P<tag>[A-Za-z0-9_]{3,60})")
HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_")
# What stands before or after a word in a hashtag of small letters; anything else may be the rest of a longer word.
AROUND: Final = (
    "adopt all amazing baby bad beautiful best big black blue brown cool crazy cute cutest daily day days dear dont "
    "family fan fans fat fluffy for forever free friend friends funny gang girl girls golden good great green gray "
    "grey happy hello home i insta instagram is its just kawaii king lady life little lol love loved lover lovers "
    "loves lovely mad me mom moms dad dads my new nice of old on our party pet photo photos pic pics play please "
    "polar pretty queen real red rescue sad save silly snow so squad super sweet team the these this time tiny tree "
    "trees ugly video videos vintage we white wild with world year your"
)
REST: Final = re.compile(f"(?:{AROUND.replace(' ', '|')}){{1,4}}")


def in_hashtags(text: str, words: Container[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each of the words that a hashtag holds beside others, in small letters, and where."""
    for found in HASHTAG.finditer(text):
        start, end = found.span("tag")
        tag = text[start:end]
        parts = [start, *(start + hump.end() for hump in HUMP.finditer(tag)), end + 1]
        pieces = [(first, text[first : min(last, end)].rstrip("_")) for first, last in pairwise(parts)]
        if len(pieces) > 1:
            yield from ((piece.lower(), (at, at + len(piece))) for at, piece in pieces if piece.lower() in words)
            continue
        small = tag.lower()
        for cut in range(3, len(small) - 1):
            if small[cut:] in words and REST.fullmatch(small[:cut]):
                yield small[cut:], (start + cut, end)
                break
            if small[:cut] in words and REST.fullmatch(small[cut:]):
                yield small[:cut], (start, start + cut)
                break
