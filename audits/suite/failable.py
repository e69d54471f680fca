"""Expectations that say nothing: that no table could fail, or none with a value in it could meet."""

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
# What fits nothing, and needs not be there where one of `?*{|` is; an escape and a class are read as one piece.
_PIECES: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?!\)", re.DOTALL)
_NOTHING: Final = frozenset({"(?!)", r"[^\s\S]", r"[^\S\s]", r"[^\w\W]", r"[^\W\w]", r"[^\d\D]", r"[^\D\d]"})
_MAY_BE_LEFT_OUT: Final = re.compile(r"\||[)\]][?*{]")


def why_it_cannot_fail(choice: ExpectationChoice) -> str | None:
    """What makes an expectation pass whatever the table holds; None if it can fail."""
    name, args = choice.expectation, choice.args
    mostly = args.get("mostly", 1)
    if isinstance(mostly, int | float) and not mostly > 0:
        return f"mostly is {mostly}, which any table meets"
    if (empty := _empty_list(choice)) is not None and _is_met_by_nothing(name):
        return f"{empty} is empty"
    if name.endswith("_to_be_between"):
        return _no_limit(choice)
    if "_to_match_regex" in name:
        enough = all if args.get("match_on") == "all" else any
        patterns = _patterns(choice)
        if patterns and enough(map(_fits_all, patterns)):
            return "the pattern fits any text"
    if "_to_not_match_regex" in name and (patterns := _patterns(choice)) and all(map(_fits_none, patterns)):
        return "the pattern fits no text"
    threshold = args.get("threshold")
    return "no value reaches the threshold" if _is_endless(threshold) else None


def why_it_cannot_pass(choice: ExpectationChoice) -> str | None:
    """What makes an expectation fail whatever values the table holds; None if some table meets it."""
    name = choice.expectation
    if (empty := _empty_list(choice)) is not None and not _is_met_by_nothing(name):
        return f"{empty} is empty"
    if name.endswith("_to_be_between"):
        return _no_room(choice)
    if "_to_match_regex" in name:
        enough = any if choice.args.get("match_on") == "all" else all
        patterns = _patterns(choice)
        if patterns and enough(map(_fits_none, patterns)):
            return "the pattern fits no text"
    return None


def _empty_list(choice: ExpectationChoice) -> str | None:
    return next((key for key in _LISTS if choice.args.get(key) in ([], ())), None)


def _is_met_by_nothing(name: str) -> bool:
    return "_to_not_" in name or "_contain_set" in name


def _patterns(choice: ExpectationChoice) -> list[object]:
    listed = choice.args.get("regex_list") if "regex_list" in choice.args else [choice.args.get("regex")]
    return list(listed) if isinstance(listed, list | tuple) else []


def _no_limit(choice: ExpectationChoice) -> str | None:
    """That neither limit excludes a value that there can be, if so; a strict one excludes itself too."""
    name, args = choice.expectation, choice.args
    least, most = args.get("min_value"), args.get("max_value")
    if any(part in name for part in _NEVER_NEGATIVE) and isinstance(least, int | float):
        least = None if least < 0 or (least == 0 and not args.get("strict_min")) else least
    if _SHARE in name and isinstance(most, int | float):
        most = None if most > 1 or (most == 1 and not args.get("strict_max")) else most
    if (least is None or _is_endless(least)) and (most is None or _is_endless(most)):
        return "it has no limit that a value could break"
    return None


def _no_room(choice: ExpectationChoice) -> str | None:
    """That no value that there can be lies between the limits, if so."""
    name, args = choice.expectation, choice.args
    least, most = args.get("min_value"), args.get("max_value")
    if isinstance(most, int | float) and any(part in name for part in _NEVER_NEGATIVE):
        least = max(least, 0) if isinstance(least, int | float) else 0
    if isinstance(least, int | float) and _SHARE in name:
        most = min(most, 1) if isinstance(most, int | float) else 1
    if not isinstance(least, int | float) or not isinstance(most, int | float):
        return None
    if least > most or (least == most and (args.get("strict_min") or args.get("strict_max"))):
        return f"no value lies between {least} and {most}"
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


def _fits_none(pattern: object) -> bool:
    if not isinstance(pattern, str) or _MAY_BE_LEFT_OUT.search(pattern):
        return False
    return any(piece in _NOTHING for piece in _PIECES.findall(pattern))
