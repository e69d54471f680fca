"""How long to wait before a request is sent again."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_DELAY: Final = 0.5
LONGEST_DELAY: Final = 30.0


def back_off(attempt: int) -> float:
    """Seconds to wait after the attempt of this number, from 0: exponential, and at random between half and all."""
    full: float = min(LONGEST_DELAY, FIRST_DELAY * 2.0**attempt)
    return full * random.uniform(0.5, 1.0)


def retry_after(header: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, given as such or as a date; None if it says nothing."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    zoned = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max(0.0, (zoned - datetime.now(UTC)).total_seconds())
