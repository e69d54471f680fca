"""English words that inflect, and their spellings as names in code."""

from __future__ import annotations

import re
from typing import Final

_IRREGULAR: Final = {"person": "people", "child": "children", "man": "men", "woman": "women", "index": "indices"}
_UNCHANGED: Final = frozenset({"aircraft", "data", "luggage", "series", "species"})
_LONG_U: Final = re.compile(r"(?:eu|uni|use|user|usual|utc|url|one\b|once\b)", re.IGNORECASE)
_SILENT_H: Final = re.compile(r"(?:hour|honest|honour|heir)", re.IGNORECASE)
_SPELT: Final = re.compile(r"[AEFHILMNORSX](?:[A-Z]+\b|-)")
_SIBILANT: Final = ("s", "x", "z", "ch", "sh")


class Word(str):
    """A word, or words of which the last one is the noun, in the singular; verbs are in their plain form.

    Templates name its forms: `{word}`, `{word.a}`, `{word.many}`, `{word.does}`, `{word.snake}`, `{word.camel}`.
    """

    __slots__ = ()

    @property
    def a(self) -> str:
        """With its indefinite article."""
        return f"{article(self)} {self}"

    @property
    def many(self) -> Word:
        """The plural: of `power of two`, `powers of two`."""
        head, of, rest = self.partition(" of ")
        before, space, noun = head.rpartition(" ")
        return Word(f"{before}{space}{plural(noun)}{of}{rest}")

    @property
    def does(self) -> str:
        """A verb's third person, of its first word: `copy out` becomes `copies out`."""
        verb, space, rest = self.partition(" ")
        return f"{third_person(verb)}{space}{rest}"

    @property
    def snake(self) -> str:
        """As a variable, a function or a column is called."""
        return re.sub(r"\W+", "_", self).lower()

    @property
    def kebab(self) -> str:
        """As an option or a path is called."""
        return self.snake.replace("_", "-")

    @property
    def camel(self) -> str:
        """As a class is called."""
        return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W+", self))


def article(words: str) -> str:
    """The indefinite article before these words, by how the first one sounds."""
    if _SPELT.match(words) or _SILENT_H.match(words):
        return "an"
    return "an" if words[:1].lower() in "aeiou" and not _LONG_U.match(words) else "a"


def plural(noun: str) -> str:
    """The plural of one noun."""
    if noun in _UNCHANGED:
        return noun
    return _IRREGULAR.get(noun) or _with_s(noun)


def third_person(verb: str) -> str:
    """What he, she or it does."""
    return {"have": "has", "be": "is", "do": "does", "go": "goes"}.get(verb) or _with_s(verb)


def _with_s(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in {*"aeiou"}:
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(_SIBILANT) else f"{word}s"
