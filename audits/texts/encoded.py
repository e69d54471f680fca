"""Words written in another code: numbers of characters, places in the alphabet, hexadecimal, bits, escapes, base64."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from strigil.audits.texts.look_alikes import ALPHABET

Code = Literal["numbers", "hexadecimal", "bits", "escapes", "base64", "invisible"]

NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{1,3}(?![0-9])")
# Between character numbers code may stand, as in chr(111) + chr(119); between places in the alphabet only marks.
CODE: Final = r"[\x00-/:-\x7f]{1,10}"
MARKS: Final = r"[\x00-/:-@\[-`{-\x7f]{1,4}"
HEX_MARK: Final = r"(?:0x|\\x|\\u00|%|&#x)?"
HEX_GAP: Final = r"[\s,;:]{0,2}"
HEX: Final = re.compile(
    rf"(?:(?:0x|\\x|\\u00|%|&#x)[0-9A-Fa-f]{{2}}{HEX_GAP}){{3,400}}"
    rf"|(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{{2}}({HEX_GAP})[0-9A-Fa-f]{{2}}(?:\1[0-9A-Fa-f]{{2}}){{1,400}}(?![0-9A-Za-z])"
)
HEX_SIGN: Final = re.compile(r"[a-fA-F]|0x|\\x|\\u00|%|&#x")
HEX_PAIR: Final = re.compile(rf"{HEX_MARK}([0-9A-Fa-f]{{2}})")
BIT_GAP: Final = r"[\s,;]{0,2}"
BITS: Final = re.compile(rf"(?<![0-9])[01]{{8}}(?:{BIT_GAP}[01]{{8}}){{1,400}}(?![0-9])")
BYTE: Final = re.compile("[01]{8}")
# One letter, as Python, addresses of pages and HTML escape it.
ESCAPE: Final = (
    r"(?:\\x[0-9A-Fa-f]{2}|\\u00[0-9A-Fa-f]{2}|\\[01][0-7]{2}|%[0-9A-Fa-f]{2}|&#(?:x[0-9A-Fa-f]{2}|[0-9]{2,3});)"
)
ESCAPED: Final = re.compile(rf"(?<![A-Za-z])[A-Za-z]*(?:{ESCAPE}[A-Za-z]*)+")
ONE_ESCAPE: Final = re.compile(r"\\(?:x|u00)(..)|\\([01]..)|%(..)|&#(?:x(..)|([0-9]+));")
BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{4,}={0,2}")
FEWEST_NUMBERS: Final = 3
REMEMBERED: Final = 1 << 14
LINES: Final = dict.fromkeys(map(ord, "\t\n\r"))
# Unicode's tag characters: ASCII that no font shows.
TAGS: Final = re.compile("[\U000e0020-\U000e007e]{3,}")
TAG_OFFSET: Final = 0xE0000
CHARACTERS: Final = {ord(letter): letter for letter in ALPHABET + ALPHABET.upper()}
PLACES: Final = dict(enumerate(ALPHABET, start=1))


@dataclass(frozen=True)
class Decoded:
    """What `text[start:end]` says in its code; `whole` where only the whole of it may count as a word."""

    text: str
    start: int
    end: int
    code: Code
    whole: bool


def decoded(text: str) -> Iterator[Decoded]:
    """Every part of a text that is printable when decoded."""
    yield from _by_numbers(text)
    for found in TAGS.finditer(text) if not text.isascii() else ():
        yield Decoded("".join(chr(ord(tag) - TAG_OFFSET) for tag in found[0]), *found.span(), "invisible", whole=False)
    for found in HEX.finditer(text):
        pairs: list[str] = HEX_PAIR.findall(found[0])
        value = bytes.fromhex("".join(pairs))
        if HEX_SIGN.search(found[0]) and (plain := _printable(value)):
            yield Decoded(plain, *found.span(), "hexadecimal", whole=False)
    for found in BITS.finditer(text):
        if plain := _printable(bytes(int(byte, 2) for byte in BYTE.findall(found[0]))):
            yield Decoded(plain, *found.span(), "bits", whole=False)
    for found in ESCAPED.finditer(text) if "\\" in text or "%" in text or "&#" in text else ():
        yield Decoded(ONE_ESCAPE.sub(_unescaped, found[0]), *found.span(), "escapes", whole=False)
    for found in BASE64.finditer(text):
        if plain := _from_base64(found[0]):
            yield Decoded(plain, *found.span(), "base64", whole=False)


def _by_numbers(text: str) -> Iterator[Decoded]:
    numbers = list(NUMBER.finditer(text))
    if len(numbers) < FEWEST_NUMBERS:
        return
    for run in _runs(text, numbers, gap=CODE, letters=CHARACTERS):
        yield Decoded("".join(CHARACTERS[int(number[0])] for number in run), *_span(run), "numbers", whole=False)
    for run in _runs(text, numbers, gap=MARKS, letters=PLACES):
        yield Decoded("".join(PLACES[int(number[0])] for number in run), *_span(run), "numbers", whole=True)


def _runs(
    text: str, numbers: Iterable[re.Match[str]], *, gap: str, letters: Mapping[int, str]
) -> Iterator[list[re.Match[str]]]:
    """Longest runs of three numbers or more that are all letters, but for those that count in equal steps."""
    between = re.compile(gap)
    run: list[re.Match[str]] = []
    for number in [*numbers, None]:
        if number and int(number[0]) in letters and (not run or between.fullmatch(text, run[-1].end(), number.start())):
            run.append(number)
            continue
        # 6, 15, 24 is "fox", but first of all it counts in nines.
        if len({int(right[0]) - int(left[0]) for left, right in pairwise(run)}) > 1:
            yield run
        run = [number] if number and int(number[0]) in letters else []


def _span(run: Sequence[re.Match[str]]) -> tuple[int, int]:
    return run[0].start(), run[-1].end()


def _unescaped(escape: re.Match[str]) -> str:
    python, octal, percent, html, decimal = escape.groups()
    digits = python or percent or html
    return chr(int(digits, 16) if digits else int(octal, 8) if octal else int(decimal))


@lru_cache(maxsize=REMEMBERED)
def _from_base64(text: str) -> str:
    """The text, if all of it can be read; words that are no base64 come again and again."""
    standard = text.rstrip("=").replace("-", "+").replace("_", "/")
    # A single character more than full groups of four holds no byte.
    standard = standard[: len(standard) - (len(standard) % 4 == 1)]
    return _printable(binascii.a2b_base64(standard + "=" * (-len(standard) % 4)))


def _printable(value: bytes) -> str:
    """The text, if all of it can be read; else nothing."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.translate(LINES).isprintable() else ""
