"""Code out of an answer that may wrap it in a Markdown fence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# A fence of three or more backticks or tildes, closed by the same one or by the end of a truncated answer.
_FENCE: Final = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^\n`]*\n"
    r"(?P<code>.*?)(?:(?P<end>^[ \t]*(?P=fence)[ \t]*$)|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Fenced:
    """A fenced piece of a text: `text[before:after]` with its fences, the code alone from `text[start]` on.

    Attributes:
        language: As the opening fence names it, in lower case; empty if it names none.
        code: What is between the fences.
        closed: Whether the closing fence is there.
    """

    language: str
    code: str
    start: int
    before: int
    after: int
    closed: bool


def fenced_in(text: str) -> list[Fenced]:
    """The fenced pieces of a text, in order."""
    if "```" not in text and "~~~" not in text:
        return []
    return [
        Fenced(
            match["language"].lower(),
            match["code"],
            match.start("code"),
            match.start(),
            match.end(),
            closed=match["end"] is not None,
        )
        for match in _FENCE.finditer(text)
    ]


def strip_fences(text: str) -> str:
    """The code within the fences, blocks joined by an empty line; a text without a fence as it is."""
    blocks = [piece.code.rstrip() for piece in fenced_in(text)]
    return "\n\n".join(blocks) if blocks else text


def ends_fenced(text: str) -> bool:
    """Whether the code is within fences, the last of them closed: whatever was cut off afterwards, it is whole."""
    pieces = fenced_in(text)
    return bool(pieces) and pieces[-1].closed
