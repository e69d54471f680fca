"""Finds the words of traits in text, however they are disguised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final, Literal

from strigil.audits.texts.dictionary import Dictionary, alternatives, beginnings, one_space
from strigil.audits.texts.encoded import Code, decoded
from strigil.audits.texts.hashtags import in_hashtags
from strigil.audits.texts.look_alikes import DRAWN, LETTER, Folded, fold, foldings
from strigil.audits.texts.names import BEFORE_SURNAME, LONGEST_BEFORE_SURNAME, SURNAMES_FOLLOW, is_name
from strigil.audits.texts.spelled import FROM_DIGITS, letter_by_letter, with_digits
from strigil.traits import Trait, load_trait, trait_names

How = (
    Literal["plain", "a hashtag", "another language", "an emoji", "look-alikes", "digits for letters", "spaced letters"]
    | Code
)
SAYS: Final[dict[How, str]] = {
    "plain": "",
    "a hashtag": " in a hashtag",
    "another language": " in another language",
    "an emoji": " by an emoji",
    "look-alikes": " in look-alike letters",
    "digits for letters": " with digits for letters",
    "spaced letters": " in spaced letters",
    "numbers": " by numbers",
    "hexadecimal": " in hexadecimal",
    "bits": " in bits",
    "escapes": " in escaped letters",
    "base64": " in base64",
    "invisible": " in invisible characters",
}
# An article or the like: what follows is a thing, not a library, and not a verb.
DETERMINER: Final = re.compile(
    r"\b(?:an?|the|this|that|these|those|my|your|his|her|its|our|their|two|three|some|many|few|baby|giant|real|wild)\s$",
    re.IGNORECASE,
)
NO_ARTICLE: Final = "".join(rf"(?<!\b{word}\s)" for word in ("a", "the", "this", "that", "my", "your", "his", "her"))
# "bear the weight": a phrase whose second word only follows a verb, unless an article makes the first a thing.
AS_A_VERB: Final = re.compile(r"^\w+ (?:the|an?|no|any|in mind|with)\b")


@dataclass(frozen=True)
class Mention:
    """`text[start:end]` names the trait."""

    trait: str
    how: How
    start: int
    end: int

    @property
    def reason(self) -> str:
        """What a verdict says about it."""
        return f"names {self.trait}{SAYS[self.how]}"


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of some traits: inflections, translations, emoji."""

    traits: tuple[Trait, ...]

    @cached_property
    def words(self) -> dict[str, str]:
        """Each English word, in lower case, with its trait."""
        also = {word.lower(): trait.name for trait in self.traits for word in trait.also}
        return also | self.proper_words

    @cached_property
    def proper_words(self) -> dict[str, str]:
        """The same without pet names and words for a kind: what is looked for in disguise."""
        return {word.lower(): trait.name for trait in self.traits for word in (trait.name, trait.plural, *trait.forms)}

    @cached_property
    def single_words(self) -> tuple[str, ...]:
        """The English words that can be spelled letter by letter."""
        return tuple(word for word in self.proper_words if word.isascii() and word.isalpha())

    @cached_property
    def foreign(self) -> dict[str, str]:
        """Each translation, in lower case and in both Unicode forms of accents, with its trait."""
        return {
            unicodedata.normalize(form, word.lower()): trait.name
            for trait in self.traits
            for words in trait.translations.values()
            for word in words
            for form in ("NFC", "NFD")
        }

    @cached_property
    def folded_foreign(self) -> dict[str, str]:
        """The same as they are folded: without accents, and in Latin letters where these look alike."""
        return {fold(word).text.lower(): trait for word, trait in self.foreign.items()}

    @cached_property
    def emoji(self) -> dict[str, str]:
        """Each emoji with its trait."""
        return {emoji: trait.name for trait in self.traits for emoji in trait.emoji}

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """The libraries that the traits' exceptions import."""
        phrases = (phrase for trait in self.traits for phrase in trait.except_in)
        return tuple(phrase.removeprefix("import ") for phrase in phrases if phrase.startswith("import "))

    def mentions(self, text: str, *, coded: bool = True) -> list[Mention]:
        """Every mention, from left to right; one that several disguises explain is reported once.

        Args:
            text: Where to look.
            coded: Whether words may be in another code, such as base64; few texts have anything that may be.
        """
        raw = Folded(text, range(len(text)))
        foreign = list(self._foreign(text, raw, self.foreign_words))
        encoded = list(self._encoded(raw)) if coded else []
        pictured = list(self._pictured(text))
        found: list[Mention] = []
        for folded in foldings(text):
            found += [*self._plain(text, folded), *self._tagged(folded), *self._drawn(folded)]
            found += [*foreign, *pictured, *self._leet(folded), *self._spaced(folded), *encoded]
            if folded.text != text:
                found += [*self._foreign(text, folded, self.folded_words), *self._encoded(folded)]
        # Sorting is stable: of those that begin together, the simplest disguise is first.
        kept: list[Mention] = []
        for mention in sorted(found, key=lambda mention: mention.start):
            if not kept or mention.start >= kept[-1].end:
                kept.append(mention)
        return kept

    def _plain(self, text: str, folded: Folded) -> Iterator[Mention]:
        for match in self._near(folded.text):
            if match["word"] is not None and not self._something_else(folded.text, match):
                part = folded.original(*match.span())
                how: How = "plain" if text[part] == match[0] else "look-alikes"
                yield Mention(self.words[one_space(match[0]).lower()], how, part.start, part.stop)

    def _near(self, text: str) -> Iterator[re.Match[str]]:
        """What the pattern finds, from left to right, looked for only around the words."""
        small = text.lower()
        if len(small) != len(text):  # a letter that is two in small
            yield from self._pattern.finditer(text)
            return
        reach, end = self._longest, 0
        for word in self._small_words.finditer(small):
            # An exception may begin before the word, and go on after it.
            start, last = max(end, word.start() - reach), word.end()
            while match := self._pattern.search(text, start, last + reach):
                if match.start() >= last:
                    break
                start = end = match.end()
                yield match

    def _something_else(self, text: str, match: re.Match[str]) -> bool:
        """Whether a word in small letters names a library or a command, by what stands around it."""
        around = self._unless_near.get(match[0])
        return around is not None and not DETERMINER.search(text, 0, match.start()) and around.search(text) is not None

    def _tagged(self, folded: Folded) -> Iterator[Mention]:
        for word, span in in_hashtags(folded.text, self.words) if "#" in folded.text else ():
            part = folded.original(*span)
            yield Mention(self.words[word], "a hashtag", part.start, part.stop)

    def _drawn(self, folded: Folded) -> Iterator[Mention]:
        if not (self._by_drawing and self._small_drawn.search(folded.text.lower())):
            return
        for match in self._drawn_pattern.finditer(folded.text):
            part = folded.original(*match.span())
            trait = self._by_drawing[match[0] if "I" in match[0] else match[0].lower()]
            yield Mention(trait, "look-alikes", part.start, part.stop)

    def _foreign(self, text: str, read: Folded, dictionary: Dictionary) -> Iterator[Mention]:
        for trait, span in dictionary.found_in(read.text):
            part = read.original(*span)
            # What is folded says something only where there was something to fold: a bar is no Bär.
            if read.text is not text and text[part].isascii():
                continue
            word = read.text[slice(*span)].lower()
            if is_name(text, part.start, part.stop, self._languages.get(word, frozenset())):
                continue
            yield Mention(trait, "another language", part.start, part.stop)

    def _pictured(self, text: str) -> Iterator[Mention]:
        for match in self._emoji_pattern.finditer(text) if self.emoji and not text.isascii() else ():
            yield Mention(self.emoji[match[0]], "an emoji", *match.span())

    def _leet(self, folded: Folded) -> Iterator[Mention]:
        for word, span in with_digits(folded.text, self._by_leet):
            part = folded.original(*span)
            yield Mention(self._by_leet[word], "digits for letters", part.start, part.stop)

    def _spaced(self, folded: Folded) -> Iterator[Mention]:
        for word, span in letter_by_letter(folded.text, self.proper_words):
            part = folded.original(*span)
            yield Mention(self.words[word], "spaced letters", part.start, part.stop)

    def _encoded(self, read: Folded) -> Iterator[Mention]:
        for piece in decoded(read.text):
            named = self.proper_words.get(piece.text) if piece.whole else self._named_in(piece.text)
            if named:
                part = read.original(piece.start, piece.end)
                yield Mention(named, piece.code, part.start, part.stop)

    def _named_in(self, text: str) -> str | None:
        """The trait that decoded text names, in English or by an emoji."""
        for mention in self._plain(text, Folded(text, range(len(text)))):
            return mention.trait
        return next((trait for emoji, trait in self.emoji.items() if emoji in text), None)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Exceptions first, then the longest word: the first alternative that fits is taken.
        phrases = {phrase for trait in self.traits for phrase in trait.except_in}
        verbs = {phrase for phrase in phrases if AS_A_VERB.search(phrase)}
        surnames = alternatives(word.capitalize() for word in self.single_words)
        hidden = [
            *([alternatives(phrases - verbs)] if phrases - verbs else []),
            *([f"{NO_ARTICLE}(?:{alternatives(verbs)})"] if verbs else []),
            *([rf"(?-i:{BEFORE_SURNAME}(?:{surnames}))"] if surnames else []),
        ]
        skip = rf"(?:{'|'.join(hidden)})(?![{LETTER}0-9])|" if hidden else ""
        word = rf"(?P<word>{alternatives(self.words)})(?![{LETTER}])"
        # Each alternative is tried at each word of a text: by its first two letters, hardly any has to be.
        begins = beginnings([*phrases, *self.words, *(SURNAMES_FOLLOW if surnames else ())])
        return re.compile(rf"(?<![{LETTER}])(?={begins})(?:{skip}{word})", re.IGNORECASE)

    @cached_property
    def _small_words(self) -> re.Pattern[str]:
        """Every word in small letters: a pattern that heeds no case takes ten times as long."""
        return re.compile(f"(?<![{LETTER}])(?:{alternatives(self.words)})(?![{LETTER}])")

    @cached_property
    def _small_drawn(self) -> re.Pattern[str]:
        """Every drawn word in small letters, for the same reason."""
        return re.compile(alternatives(word.lower() for word in self._by_drawing))

    @cached_property
    def _longest(self) -> int:
        """More characters than any word or exception has, though its spaces may be two, or it is a surname."""
        phrases = (phrase for trait in self.traits for phrase in trait.except_in)
        return 2 * (LONGEST_BEFORE_SURNAME + max(map(len, (*self.words, *phrases))))

    @cached_property
    def _unless_near(self) -> dict[str, re.Pattern[str]]:
        return {
            word: re.compile(rf"\b(?:{alternatives(near)})\b", re.IGNORECASE)
            for trait in self.traits
            for word, near in trait.unless_near.items()
        }

    @cached_property
    def _languages(self) -> dict[str, frozenset[str]]:
        """The languages of each translation, as it is written and as it is folded."""
        found: dict[str, set[str]] = {}
        for trait in self.traits:
            for language, words in trait.translations.items():
                for word in words:
                    small = word.lower()
                    forms = {
                        unicodedata.normalize("NFC", small),
                        unicodedata.normalize("NFD", small),
                        fold(word).text.lower(),
                    }
                    for form in forms:
                        found.setdefault(form, set()).add(language)
        return {word: frozenset(languages) for word, languages in found.items()}

    @cached_property
    def _by_drawing(self) -> dict[str, str]:
        return {
            word.replace(letter, drawn): self.words[word]
            for word in self.single_words
            for letter, drawn in DRAWN.items()
            if letter in word
        }

    @cached_property
    def _drawn_pattern(self) -> re.Pattern[str]:
        either = "|".join(word if "I" in word else f"(?i:{word})" for word in self._by_drawing)
        return re.compile(rf"(?<![{LETTER}])(?:{either})(?![{LETTER}])")

    @cached_property
    def foreign_words(self) -> Dictionary:
        """Translations as they are written."""
        return Dictionary(self.foreign)

    @cached_property
    def folded_words(self) -> Dictionary:
        """Translations as they are folded."""
        return Dictionary(self.folded_foreign)

    @cached_property
    def _emoji_pattern(self) -> re.Pattern[str]:
        return re.compile(alternatives(self.emoji))

    @cached_property
    def _by_leet(self) -> dict[str, str]:
        return {word.translate(FROM_DIGITS): self.words[word] for word in self.single_words}


@cache
def lexicon(traits: tuple[str, ...] | None) -> Lexicon:
    """The lexicon of these traits, or of every trait that strigil knows.

    Raises:
        ConfigError: A trait is unknown.
    """
    return Lexicon(tuple(load_trait(name) for name in (trait_names() if traits is None else traits)))


def known_trait(name: str) -> str:
    """The name, once it is known to be a trait's.

    Raises:
        ConfigError: There is no such trait.
    """
    return load_trait(name).name


def known_traits(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names, once each is known to be a trait's.

    Raises:
        ConfigError: A trait is unknown.
    """
    lexicon(names)
    return names
