"""Which rules reject the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strigil.cards.page.page import number, percent
from strigil.releases.audit_record import AuditRecord

MOST: Final = 12


@dataclass(frozen=True)
class Cell:
    """A cell of a matrix; `share`, 0 to 1, is how much colour it gets."""

    text: str
    share: float


@dataclass(frozen=True)
class Overlaps:
    """Of the rows that a rule rejects, how many each rule rejects: `cells` has a line and a column for every rule."""

    rules: Sequence[str]
    cells: Sequence[Sequence[Cell]]


def overlap_matrix(audit: AuditRecord) -> Overlaps | None:
    """The matrix of the rules that reject rows together, the busiest twelve; None where each rejects its own."""
    shared = {name for pair in audit.overlaps if pair.rows for name in (pair.first, pair.second)}
    together = [rule for rule in audit.rules if rule.rule.name in shared]
    if not together:
        return None
    busiest = sorted(together, key=lambda rule: -rule.rejected)[:MOST]
    pairs = [((pair.first, pair.second), pair.rows) for pair in audit.overlaps]
    both = {key: rows for (one, other), rows in pairs for key in ((one, other), (other, one))}
    rejected = {rule.rule.name: rule.rejected for rule in busiest}
    cells = []
    for one, total in rejected.items():
        common = [total if one == other else both.get((one, other), 0) for other in rejected]
        cells.append([Cell(_cell_text(rows, total), rows / total) for rows in common])
    return Overlaps(list(rejected), cells)


def _cell_text(rows: int, total: int) -> str:
    return f"{number(rows)} · {percent(rows / total)}" if 0 < rows < total else number(rows)
