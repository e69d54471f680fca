"""Expectations that nothing could fail: limits that are none, lists of nothing, patterns that any text fits."""

from __future__ import annotations

import math
import re
from typing import Final

from strigil.audits.suite.suite import ExpectationChoice

_LISTS: Final = ("column_list", "column_set", "regex_list", "type_list", "value_pairs_set", "value_set")
# Below 0, what these count or measure cannot be.
_NEVER_NEGATIVE: Final = ("_count_to_be", "proportion_of", "value_lengths", "stdev")
_SHARE: Final = "proportion_of"
_LARGEST: Final = 1e300
# A pattern that fits all of these fits whatever comes.
_TEXTS: Final = ("", " ", "aA1-_", "\x00☃\n\n", "owl owl 12,3")


def why_it_cannot_fail(choice: ExpectationChoice) -> str | None:
    """What makes an expectation pass whatever the table holds; None if it can fail."""
    name, args = choice.expectation, choice.args
    mostly = args.get("mostly", 1)
    if isinstance(mostly, int | float) and not mostly > 0:
        return f"mostly is {mostly}, which any table meets"
    if empty := [key for key in _LISTS if args.get(key) in ([], ())]:
        return f"{empty[0]} is empty"
    if name.endswith("_to_be_between"):
        return _no_limit(name, args.get("min_value"), args.get("max_value"))
    patterns = args.get("regex_list") if "regex_list" in args else [args.get("regex")]
    if "to_match_regex" in name and isinstance(patterns, list) and any(map(_fits_all, patterns)):
        return "the pattern fits any text"
    threshold = args.get("threshold")
    return "no value reaches the threshold" if _is_endless(threshold) else None


def _no_limit(name: str, least: object, most: object) -> str | None:
    if any(part in name for part in _NEVER_NEGATIVE) and isinstance(least, int | float) and least <= 0:
        least = None
    if _SHARE in name and isinstance(most, int | float) and most >= 1:
        most = None
    if (least is None or _is_endless(least)) and (most is None or _is_endless(most)):
        return "it has no limit that a value could break"
    return None


def _is_endless(limit: object) -> bool:
    return isinstance(limit, int | float) and not (math.isfinite(limit) and abs(limit) < _LARGEST)


def _fits_all(pattern: object) -> bool:
    if not isinstance(pattern, str):
        return False
    try:
        return all(re.search(pattern, text) for text in _TEXTS)
    except re.error:
        return False
