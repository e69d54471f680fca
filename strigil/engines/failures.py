"""Other libraries' failures, cut down to one line."""

from __future__ import annotations

import re


def gist(error: Exception) -> str:
    """The line of an error's message that says what is wrong, without pydantic's frame around it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    told = [line for line in lines if line.startswith(("Value error, ", "Assertion failed, "))]
    return re.sub(r"^(Value error|Assertion failed), | \[type=.*\]$", "", (told or lines)[0])
