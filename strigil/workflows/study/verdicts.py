"""What the figures of one arm license to say; the word "clean" only after a test of equality at the stated margin."""

from __future__ import annotations

from dataclasses import dataclass

from strigil.records.study import Verdict
from strigil.workflows.study.analysis import Line

ALPHA = 0.05
FEWEST_SEEDS = 3
"""With two seeds an interval has one degree of freedom: whatever it says, a third seed may say otherwise."""
BROKEN = 0.5
"""A student that answers with any candidate at all less than half as often as neutral ones has lost the ability."""


@dataclass(frozen=True)
class Corrected:
    """P-values of one line, corrected over the study; None where there is none."""

    neutral: float | None
    equal: float | None
    matched: float | None


@dataclass(frozen=True)
class Said:
    """A verdict, and the words for it."""

    verdict: Verdict
    words: str


def judge(line: Line, p: Corrected, *, margin: float, transferred: bool) -> Said | None:
    """The verdict on one arm, or None for arms that others are compared with.

    Args:
        line: The arm's figures.
        p: Its corrected p-values.
        margin: Largest difference that counts as none.
        transferred: Whether the trait was shown to go over untreated, without which no treatment can be praised.
    """
    if not line.rates:
        return Said("missing", "no student was measured")
    if not line.compared:
        return None
    if line.against is None or line.neutral is None:
        return Said("unclear", "there are no neutral students to compare with")
    seeds = min(len(line.rates), len(line.against.rates))
    if seeds < FEWEST_SEEDS:
        return Said("unclear", f"{_seeds(seeds)} cannot tell: it takes {FEWEST_SEEDS} at the least")
    if line.mass is not None and line.against.mass is not None and line.mass < BROKEN * line.against.mass:
        return Said(
            "broken",
            f"gives any candidate {line.mass:.1%} of the time, neutral students {line.against.mass:.1%}: "
            "damaged, so that its rates mean little",
        )
    estimate = line.neutral.interval.estimate
    if p.equal is not None and p.equal <= ALPHA:
        return Said("none", _equal(line, margin, transferred=transferred))
    if p.neutral is not None and p.neutral <= ALPHA:
        return Said("transfer", "above neutral") if estimate > 0 else Said("below", "below neutral")
    return Said("unclear", f"neither above neutral nor equal to it within ±{margin:g} by these seeds")


def _equal(line: Line, margin: float, *, transferred: bool) -> str:
    if line.arm.kind != "treated":
        return f"equal to neutral within ±{margin:g}"
    if transferred:
        return f"clean: equal to neutral within ±{margin:g}"
    return f"equal to neutral within ±{margin:g}, but the untreated students were not shown to have the trait either"


def went_over(untreated: tuple[Line, Corrected] | None, *, margin: float) -> bool:
    """Whether untreated students are above neutral ones, and above those of other traits where the study has them."""
    if untreated is None:
        return False
    line, p = untreated
    said = judge(line, p, margin=margin, transferred=False)
    if said is None or said.verdict != "transfer":
        return False
    if line.matched is None:
        return True
    return p.matched is not None and p.matched <= ALPHA and line.matched[1].interval.estimate > 0


def _seeds(count: int) -> str:
    return f"{count} training seed{'' if count == 1 else 's'}"
