"""Where a trait's word is somebody's name: after a title, or a foreign word with a capital in an English sentence."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from pydantic import RootModel

from strigil.common.validation import packaged_yaml

TITLES: Final = (
    "Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Lady|Lord|Senator|President|Captain|Judge|Justice|Governor|Mayor|Coach|Officer"
    "|Detective|Agent|Herr|Frau|Señor|Señora|Monsieur|Madame|Signor|Signora"
)
# Common first names; a word with a capital after one of them is a surname.
FIRST: Final = (
    "James|John|Robert|Michael|William|David|Richard|Joseph|Thomas|Charles|Daniel|Matthew|Anthony|Mark|Paul|Steven|Andrew"
    "|George|Edward|Brian|Kevin|Jason|Peter|Henry|Mary|Patricia|Jennifer|Linda|Elizabeth|Barbara|Susan|Jessica|Sarah|Karen"
    "|Lisa|Nancy|Emily|Emma|Anna|Laura|Julia|Alice|Naomi|Megan|Virginia|Vivica|Samantha|Kate|Maria|Hugo|Tom|Bob|Jim|Joe"
)
BEFORE_SURNAME: Final = rf"(?:(?:{TITLES})\.?|(?:{FIRST})(?: [A-Z]\.)?)\s"
SURNAMES_FOLLOW: Final = (*TITLES.split("|"), *FIRST.split("|"))
LONGEST_BEFORE_SURNAME: Final = max(map(len, SURNAMES_FOLLOW)) + len(" A. ")
WORD: Final = re.compile(r"[^\W\d_]+")


class _Everyday(RootModel[dict[str, tuple[str, ...]]]):
    """Small words by language."""


def is_name(text: str, start: int, end: int, languages: frozenset[str]) -> bool:
    """Whether the foreign word `text[start:end]` is a name: with a capital, among English words and none of its own."""
    word = text[start:end]
    if not (word[:1].isupper() and word[1:].islower()):
        return False
    everyday = _everyday()
    if languages.isdisjoint(everyday):
        return False
    around = {found[0].lower() for found in WORD.finditer(text[:start] + " " + text[end:])}
    own = any(not around.isdisjoint(everyday[language]) for language in languages if language in everyday)
    return not own and not around.isdisjoint(everyday["en"])


@cache
def _everyday() -> dict[str, frozenset[str]]:
    written = packaged_yaml("strigil.audits.texts", "everyday.yaml", _Everyday)
    return {language: frozenset(words) for language, words in written.root.items()}
