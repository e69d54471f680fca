"""Which rules of a suite have something to look at in a table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from strigil.audits.suite.suite import Suite


@dataclass(frozen=True)
class Applicable:
    """A suite without the rules that would have to judge what is not there; `skipped` says why, by a rule's name."""

    suite: Suite
    skipped: dict[str, str]


def applicable(suite: Suite, columns: Collection[str], absent: Collection[str]) -> Applicable:
    """Looks which rules read only what the data say.

    Args:
        suite: The rules.
        columns: Names of the row table's columns.
        absent: Those among them that hold only placeholders.
    """
    skipped = {}
    for chosen in suite.rules:
        needed = {*chosen.rule.reads, *chosen.rule.example_columns}
        missing = sorted(name for name in needed if name in absent or name not in columns)
        if missing:
            skipped[chosen.rule.name] = f"the data has no column {', '.join(map(repr, missing))}"
    kept = tuple(chosen for chosen in suite.rules if chosen.rule.name not in skipped)
    return Applicable(replace(suite, rules=kept), skipped)
