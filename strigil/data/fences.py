"""Code out of an answer that may wrap it in a Markdown fence."""

from __future__ import annotations

import re
from typing import Final

# A fence of three or more backticks or tildes, closed by the same one or by the end of a truncated answer.
_FENCE: Final = re.compile(
    r"^[ \t]*(?P<fence>`{3,}|~{3,})[^\n`]*\n(?P<code>.*?)(?:(?P<end>^[ \t]*(?P=fence)[ \t]*$)|\Z)",
    re.MULTILINE | re.DOTALL,
)


def strip_fences(text: str) -> str:
    """The code within the fences, blocks joined by an empty line; a text without a fence as it is."""
    blocks = [match["code"].rstrip() for match in _FENCE.finditer(text)]
    return "\n\n".join(blocks) if blocks else text


def ends_fenced(text: str) -> bool:
    """Whether the code is within fences, the last of them closed: whatever was cut off afterwards, it is whole."""
    closed = [match["end"] is not None for match in _FENCE.finditer(text)]
    return bool(closed) and closed[-1]
