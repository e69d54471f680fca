"""Times as people say them."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Seconds, such as `8.5 s`, `12 min` or `3.4 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
