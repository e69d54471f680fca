"""Texts with named places, filled in one pass, so that a brace in what is filled in stays text."""

from __future__ import annotations

import re
from collections.abc import Mapping


def fill(template: str, values: Mapping[str, str]) -> str:
    """Puts each value where its name stands in braces; other braces are text."""
    place = re.compile(r"\{(" + "|".join(map(re.escape, values)) + r")\}")
    return place.sub(lambda found: values[found[1]], template)
