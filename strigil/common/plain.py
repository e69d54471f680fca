"""Text from outside as it may reach a terminal, a log, a report or a card: written out, and without credentials."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 (a terminal obeys them), what turns or hides the order of text, separators of lines, halves of characters.
_CONTROL: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# What JSON may hold as it is, and a terminal obeys.
_JSON_CONTROL: Final = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE: Final = re.compile(r"[\n\t]")
# A runner of workflows obeys lines that begin so.
_COMMAND: Final = re.compile(r"^(\s*)(?=::|##\[)", re.MULTILINE)
_USER: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}:/{1,3})[^\s/?#'\"<>]{1,4096}@")
_BESIDE: Final = re.compile(r"(://[^\s'\"<>]{0,300}?:)[^\s/@'\"<>]{1,300}@")
_SIGNED: Final = re.compile(
    r"(?i)([?&;](?:[a-z0-9_.-]{0,40}(?:signature|credential|token|secret|password|passwd|api[-_]?key|access[-_]?key)"
    r"[a-z0-9_.-]{0,20}|sig|key|auth)=)[^&\s'\"<>;]+"
)


def plain_text(text: str, *, lines: bool = False) -> str:
    """A text with everything in it that is not to be read written out, and what opens something left out.

    Args:
        text: Of a file, a server or a library.
        lines: Whether it may have several lines; if not, line breaks are written out too.
    """
    text = without_credentials(text)
    shown = _CONTROL.sub(_written, text)
    return _COMMAND.sub(r"\1\\", shown) if lines else _LINE.sub(_written, shown)


def without_credentials(text: str) -> str:
    """A text in which addresses have neither users and passwords nor signatures and tokens."""
    return _SIGNED.sub(r"\1***", _BESIDE.sub(r"\1***@", _USER.sub(r"\1***@", text)))


def plain_json(text: str) -> str:
    """A text of JSON that says the same, without anything that a terminal obeys."""
    return _JSON_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written(found: re.Match[str]) -> str:
    code = ord(found[0])
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(found[0])
    return short or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
