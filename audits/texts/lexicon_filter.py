"""One pass of polars over texts, to find the few that are worth a close look for a trait's words."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Final

import polars as pl

from strigil.audits.suite.findings import places_of
from strigil.audits.texts.encoded import BIT_GAP, CHARACTERS, CODE, HEX_GAP, HEX_MARK, MARKS, PLACES
from strigil.audits.texts.lexicon import Lexicon
from strigil.audits.texts.look_alikes import DRAWN, FOREIGN, UNSURE, fold_expr
from strigil.audits.texts.spelled import DIGITS

SPACES: Final = r"[ ._~/|\t\n·•-]{0,3}"
# What may stand between letters in code: "o" + "w" + "l".
JOINS: Final = r"[\x00-/:-@\[-`{-\x7f·•]*"
# Escapes that Python, browsers and servers resolve to letters.
ESCAPES: Final = r"\\(?:[0-7]{2}|[xuUN])|%[0-9A-Fa-f]{2}|&#"
# One character, a mark, one character, a mark, one more; or a digit or sign beside a letter: without either, no word is
# spelled with spaces or with digits. In code, a word may also be joined of any pieces.
ALONE: Final = r"[A-Za-z0-9@$!]"
SPLIT: Final = (
    rf"(?:^|[^A-Za-z0-9]){ALONE}[ ._~/|\t\n·•-]{{1,3}}{ALONE}[ ._~/|\t\n·•-]{{1,3}}{ALONE}"
    r"|[A-Za-z][0-9@$!]|[0-9@$!][A-Za-z]"
)
# Three numbers near each other, or pairs of digits that can be letters, or bits.
CODED: Final = (
    r"[0-9][^0-9]{1,10}[0-9]{1,3}[^0-9]{1,10}[0-9]|[01]{8}"
    r"|[4-7fF][0-9A-Fa-f](?:[\s,;:]{0,2}(?:0x|\\x|\\u00|%|&#x)?[0-9A-Fa-f]{2}){2}"
)
# What stands around a word; an escape of a line's end does, too.
BEFORE: Final = r"(?:^|[^A-Za-z]|\\[abfnrtv])"
AFTER: Final = "(?:[^A-Za-z]|$)"
# What may be no gap, and what turns the text around.
UNSEEN_ORDER: Final = rf"{UNSURE}|\x{{202E}}"
# Calls and slices that make strings of others.
MAKERS: Final = r"chr\(|\[::-1\]"


def worth_a_look(texts: pl.Series, lexicon: Lexicon, *, inside_words: bool) -> pl.Series:
    """Where a text may hold a mention; it never misses one that `Lexicon.mentions` finds.

    One pass looks for all words at once, a second one for what any disguise needs; the patterns of disguised words, and
    folding, read only what these let through.

    Args:
        texts: n texts without nulls.
        lexicon: The words.
        inside_words: Whether words may be part of longer ones, as in identifiers.

    Returns:
        n booleans.
    """
    if inside_words:
        # Pieces of code may be joined by anything: no text can be told to hold no word in pieces.
        named = texts.str.contains(_disguised_words(lexicon, inside_words=True))
        named |= texts.str.contains(_not_disguised(lexicon))
    else:
        named = texts.str.contains(_plain_words(lexicon, inside_words=False))
    odd = texts.str.contains(_any_disguise(lexicon, inside_words=inside_words)) & ~named
    return named | _among(odd, texts, lambda some: _disguised(some, lexicon, inside_words=inside_words))


def _disguised(texts: pl.Series, lexicon: Lexicon, *, inside_words: bool) -> pl.Series:
    """Of texts that no word stands in as it is written, those that may hold one in disguise."""
    words, codes = _disguised_words(lexicon, inside_words=inside_words), _codes(lexicon)
    hidden = f"{_signs(lexicon)}|{UNSEEN_ORDER}"
    doubtful = texts.str.contains(f"{hidden}|{MAKERS}" if inside_words else hidden)
    if not inside_words:
        doubtful |= _among(texts.str.contains(SPLIT), texts, lambda some: some.str.contains(words))
    doubtful |= _among(texts.str.contains(CODED), texts, lambda some: some.str.contains(codes))
    foreign = texts.str.contains(FOREIGN) & ~doubtful
    return doubtful | _among(foreign, texts, lambda some: _folded(some, lexicon, inside_words=inside_words))


def _folded(texts: pl.Series, lexicon: Lexicon, *, inside_words: bool) -> pl.Series:
    """Of texts with more than plain letters, those that may hold a word when they are folded."""
    text, folded = pl.col("text"), pl.col("folded")
    if inside_words:
        anywhere = [
            folded.str.to_lowercase().str.contains_any([*lexicon.words, *lexicon.folded_foreign]),
            text.str.to_lowercase().str.contains_any(list(lexicon.foreign)),
        ]
    else:
        plain = _plain_words(lexicon, inside_words=False)
        anywhere = [
            *(folded.str.contains(pattern) for pattern in (plain, _folded_words(lexicon))),
            folded.str.contains_any(lexicon.folded_words.unspaced),
            text.str.contains_any(lexicon.foreign_words.unspaced),
        ]
    disguised = (_disguised_words(lexicon, inside_words=inside_words), _codes(lexicon), _signs(lexicon))
    shown = pl.DataFrame({"text": texts}).select("text", folded=fold_expr(text))
    return shown.select(
        pl.any_horizontal(
            *anywhere,
            *(folded.str.contains(pattern) for pattern in disguised),
            text.str.contains(r"[\x{E0020}-\x{E007E}]"),
            text.str.contains_any(list(lexicon.emoji)),
        )
    ).to_series()


def may_be_coded(texts: pl.Series, lexicon: Lexicon) -> pl.Series:
    """Which of the texts that are worth a look may hold a word in numbers, bits, base64 and the like: n booleans."""
    return texts.str.contains(_codes(lexicon)) | texts.str.contains(f"{_signs(lexicon)}|{UNSEEN_ORDER}|{FOREIGN}")


def _among(chosen: pl.Series, texts: pl.Series, look: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """What a look at the chosen texts alone says; false for the others."""
    if not chosen.any():
        return chosen
    return look(texts.filter(chosen)).gather(places_of(chosen)).fill_null(value=False)


@cache
def _plain_words(lexicon: Lexicon, *, inside_words: bool) -> str:
    """Every word as it is written, between other characters than letters, or anywhere in a hashtag."""
    listed = _listed((*lexicon.words, *lexicon.foreign))
    plain = rf"(?i){BEFORE}(?:{listed}){AFTER}|#[A-Za-z0-9_]*(?:{listed})"
    return f"{plain}|(?-i:{_any_cased(lexicon.words)})" if inside_words else plain


@cache
def _any_disguise(lexicon: Lexicon, *, inside_words: bool) -> str:
    """What any disguise needs."""
    return f"{CODED}|{_signs(lexicon)}|{UNSEEN_ORDER}|{FOREIGN}|{MAKERS if inside_words else SPLIT}"


@cache
def _not_disguised(lexicon: Lexicon) -> str:
    """Of the plain words inside others, those that the pattern of disguised words has not."""
    listed = _listed((*lexicon.words, *lexicon.foreign))
    cased = _any_cased(word for word in lexicon.words if word not in lexicon.single_words)
    return f"(?i)#[A-Za-z0-9_]*(?:{listed})|(?-i:{cased})" if cased else f"(?i)#[A-Za-z0-9_]*(?:{listed})"


@cache
def _folded_words(lexicon: Lexicon) -> str:
    """Translations as they are folded, which say nothing where there was nothing to fold."""
    return f"(?i){BEFORE}(?:{_listed(lexicon.folded_foreign)}){AFTER}"


@cache
def _signs(lexicon: Lexicon) -> str:
    """Parts of words in base64, and escapes."""
    return "|".join([*map(re.escape, _base64_parts(lexicon)), ESCAPES])


def _listed(words: Iterable[str]) -> str:
    return "|".join("".join(_drawn(letter) for letter in word).replace(" ", r"[\s_]{1,2}") for word in words)


def _any_cased(words: Iterable[str]) -> str:
    return "|".join(_cased(word) for word in words if word.isascii() and word.isalpha())


def _drawn(letter: str) -> str:
    return f"(?:{letter}|{DRAWN[letter]})" if letter in DRAWN else letter if letter == " " else re.escape(letter)


@cache
def _disguised_words(lexicon: Lexicon, *, inside_words: bool) -> str:
    """Every word, with digits for letters or with spaces between them; and translations in plain letters."""
    between = JOINS if inside_words else SPACES
    spelled = "|".join(between.join(_written(letter) for letter in word) for word in lexicon.single_words)
    others = (word for word in (*lexicon.words, *lexicon.foreign) if word not in lexicon.single_words)
    plain = "|".join(re.escape(word).replace(r"\ ", r"[\s_]{1,2}") for word in others)
    either = f"(?i:{spelled}|{plain})" if plain else f"(?i:{spelled})"
    bounded = f"{BEFORE}{either}{AFTER}"
    if not inside_words:
        return bounded
    return f"{bounded}|{_any_cased(lexicon.single_words)}"


def _written(letter: str) -> str:
    return f"(?:[{letter}{DIGITS.get(letter, '')}]|{DRAWN.get(letter, letter)})"


def _cased(word: str) -> str:
    """A word in an identifier of mixed case: `snowOwl`, `owlCount`, `OWLCount`."""
    capitalised, capitals = word.capitalize(), word.upper()
    return rf"{capitalised}(?:[^a-z]|$)|(?:^|[^A-Za-z]){word}(?:[^a-z]|$)|(?:^|[^A-Z]){capitals}[A-Z][a-z]"


@cache
def _codes(lexicon: Lexicon) -> str:
    """Every word in numbers of characters, places in the alphabet, bits and hexadecimal; emoji in hexadecimal."""
    code_of = {letter: code for code, letter in CHARACTERS.items()}
    place_of = {letter: place for place, letter in PLACES.items()}
    parts = [_hexadecimal(term) for term in (*lexicon.single_words, *lexicon.emoji)]
    for word in lexicon.single_words:
        pairs = (f"0?(?:{code_of[letter]}|{code_of[letter.upper()]})" for letter in word)
        parts.append(BIT_GAP.join(f"01[01]{code_of[letter] & 31:05b}" for letter in word))
        parts += [CODE.join(pairs), MARKS.join(f"0{{0,2}}{place_of[letter]}" for letter in word)]
    return f"(?i)(?:{'|'.join(parts)})"


def _hexadecimal(term: str) -> str:
    small, large = term.lower().encode(), term.upper().encode()
    pairs = (f"(?:{low:02x}|{high:02x})" for low, high in zip(small, large, strict=True))
    return f"{HEX_GAP}{HEX_MARK}".join(pairs)


@cache
def _base64_parts(lexicon: Lexicon) -> tuple[str, ...]:
    """What base64 must hold if it holds a word in small, capital or capitalised letters, or an emoji."""
    terms = [
        form.encode()
        for term in (*lexicon.single_words, *lexicon.emoji)
        for form in (term, term.upper(), term.capitalize())
    ]
    parts = {part for term in terms for shift in range(3) for part in _all_alphabets(_fixed(term, shift=shift))}
    return tuple(sorted(parts))


def _fixed(term: bytes, *, shift: int) -> str:
    """The characters of base64 that do not depend on what stands before and after, `shift` bytes into a group."""
    written = base64.b64encode(b"\0" * shift + term + b"\0" * 2).decode()
    return written[-(-shift * 8 // 6) : (shift + len(term)) * 8 // 6]


def _all_alphabets(part: str) -> Iterator[str]:
    yield part
    yield part.replace("+", "-").replace("/", "_")
