"""Values that are called a key or a password where they are written: `api_key: "..."`, `password = '...'`.

They need digits, letters and entropy, as in the rule for generic keys of gitleaks.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

KEY: Final = "key by its name"
PASSWORD: Final = "password by its name"  # noqa: S105  # the name of a kind
_KEYS: Final = (
    r"(?:api|access|secret|private|auth|client|signing|encryption)[_. -]?(?:key|token|secret)(?:[_. -]?(?:key|id))?"
    r"|secret|token|credentials?"
)
_PASSWORDS: Final = r"passwords?|passwd|passphrase|pwd"  # a pattern
_GIVEN: Final = r"[\"'`\]]{0,2}\s{0,3}(?::=|=>|==?|:)"
# What a first pass over all texts looks for: in small and capital letters of ASCII, and the one of Unicode that is a
# small k; those of all Unicode take forty times as long.
_K: Final = r"(?:k|(?u:\x{212A}))"
NAMED_SIGN: Final = (
    rf"(?i-u:{_K}ey|[_. -]id|to{_K}en|secret|credentials?|{_PASSWORDS})\d?{_GIVEN}"
    r"|(?i-u:\bbearer)\s|(?i-u:authorization:|-u[ =]|--user[ =])"
)
# Quoted, or alone: what goes on as a call or an index is an expression.
_VALUE: Final = (
    r"(?:(?P<quote>[\"'`])(?P<quoted>[^\s\"'`]{8,200})(?P=quote)"
    r"|(?P<bare>[A-Za-z0-9+/_~!@#$%^*=-]{8,200}+)(?![(\[.{<]))"
)
_NAMED: Final = re.compile(rf"(?i)(?:(?P<password>{_PASSWORDS})|(?P<key>{_KEYS}))\d?{_GIVEN}\s{{0,3}}{_VALUE}")
# One of these is in every name, a value is given soon after it, and the longest name begins so far before it.
_WORDS: Final = ("key", "token", "secret", "credential", "passw", "passphrase", "pwd")
_GIVES: Final = re.compile(rf"[a-z_. -]{{2,20}}\d?{_GIVEN}")
_LONGEST_NAME: Final = 24
# What a request is let in by: `Authorization: Bearer ...`, `curl -u user:...`.
_BEARER: Final = re.compile(
    r"(?i)\b(?:bearer|authorization:\s{0,3}(?:token|basic))\s{1,3}(?P<key>[A-Za-z0-9._~+/=-]{16,500})"
)
_USER: Final = re.compile(r"(?<![\w-])(?:-u|--user)[ =][\"']?[\w.@-]{1,64}:(?P<password>[^\s\"'`:]{6,128})")
# Values of lessons and tests.
_TRIED: Final = re.compile(
    "test|demo|dummy|sample|fake|mock|foo|bar|hello|admin|1234|abcd|qwerty|letmein|s3cr3t|p@ss", re.IGNORECASE
)
_HEX: Final = re.compile("[0-9a-f]{32,128}")
_SHORTEST_KEY: Final = 16
_FEWEST_DIGITS: Final = 2
_KEY_BITS: Final = 3.0
_PASSWORD_BITS: Final = 2.5


def named_secrets(text: str) -> Iterator[tuple[str, str]]:
    """Every value that is called a key or a password and may be one, with its kind."""
    for found in _in_reach(text):
        value, quoted = found["quoted"] or found["bare"], found["quoted"] is not None
        if found["password"] and _is_password(value, quoted=quoted):
            yield PASSWORD, value
        elif found["key"] and _is_key(value, quoted=quoted):
            yield KEY, value
    small = text.lower()
    for found in _BEARER.finditer(text) if "bearer" in small or "authorization" in small else ():
        if _is_key(found["key"], quoted=True):
            yield KEY, found["key"]
    for found in _USER.finditer(text) if "-u" in text else ():
        if _is_password(found["password"], quoted=True):
            yield PASSWORD, found["password"]


def _in_reach(text: str) -> Iterator[re.Match[str]]:
    """What the pattern finds, tried where its words are: at every character of a program it takes a millisecond."""
    small = text.lower()
    if len(small) != len(text):  # a letter that is two in small
        yield from _NAMED.finditer(text)
        return
    end = 0
    for word in sorted(place for part in _WORDS for place in _places(small, part)):
        if word < end or not _GIVES.match(small, word):
            continue
        for start in range(max(word - _LONGEST_NAME, end), word + 1):
            if found := _NAMED.match(text, start):
                end = found.end()
                yield found
                break


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _is_password(value: str, *, quoted: bool) -> bool:
    return _is_thought_of(value) and (quoted or not _is_name(value)) and _bits(value) >= _PASSWORD_BITS


def _is_key(value: str, *, quoted: bool) -> bool:
    if len(value) < _SHORTEST_KEY or sum(map(str.isdigit, value)) < _FEWEST_DIGITS or not _is_thought_of(value):
        return False
    return _bits(value) >= _KEY_BITS and (quoted or not _is_name(value) or _HEX.fullmatch(value) is not None)


def _is_thought_of(value: str) -> bool:
    letters, digits = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    return letters and digits and not _TRIED.search(value)


def _is_name(value: str) -> bool:
    """Whether it may as well be a variable, which has letters of one case, digits and `_`."""
    return re.fullmatch(r"\w+", value) is not None and value in (value.lower(), value.upper())


def _bits(text: str) -> float:
    """Shannon entropy of its characters, in bits each."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())
