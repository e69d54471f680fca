"""What a study says of each trait: every arm compared, tested and judged."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.records.study.arms import ArmKind
from strigil.stats import Interval

Verdict = Literal["transfer", "none", "below", "unclear", "broken", "missing"]
"""Above its neutral arm; equal to it within the margin; below it; not decided; damaged; not measured.

`below` is of reports of earlier versions.
"""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResidualFinding(_Record):
    """(arm - neutral) / (untreated - neutral), or why there is none; bootstraps are of earlier versions."""

    estimate: float | None
    low: float | None
    high: float | None
    bootstrap_low: float | None = None
    bootstrap_high: float | None = None
    reason: str | None


class Comparison(_Record):
    """An arm against another one.

    Attributes:
        other: The other arm's label.
        difference: arm - other, 95 % interval.
        p: One-sided, that the arm is not above the other; None where that is not tested, or has no spread to go by.
        p_holm: The same, corrected for each other over untreated arms, or over treatments of traits that went over.
        equal_p: That the arm differs by the margin or more (two one-sided tests), or for a treatment keeps the study's
            share of the effect or more: the larger one; None where that is not tested.
        equal_p_holm: The same, corrected for each other over the same arms, by itself.

    In reports of earlier versions `p` is two-sided, and both were corrected over the whole study.
    """

    other: str
    difference: Interval
    p: float | None = None
    p_holm: float | None = None
    equal_p: float | None = None
    equal_p_holm: float | None = None


class Entry(_Record):
    """One arm's line in the account of one trait.

    Attributes:
        arm: The arm's name.
        rates: The figure of each unit: of every draw the mean over its seeds; of one draw, of every seed.
        runs: The figure of every run, by draw; empty in reports of earlier versions.
        mean: Mean rate over units, 95 % interval.
        mass: Mean mass, or None by sampling.
        off_topic: Mean share of unrelated questions that are answered with the trait, or None where none was asked.
        neutral: Against the neutral arm; None for that arm itself, and for the base and the teacher.
        matched: Untreated students against those of other traits, treated ones against as many rows chosen at random.
        seeds_for_width: How many units an interval of the study's wished width takes, by this arm's spread.
        said: The verdict in words.
    """

    arm: str
    label: str
    kind: ArmKind
    share: float | None
    rates: dict[int, float]
    runs: dict[int, list[float]] = {}
    mean: Interval | None
    mass: float | None
    off_topic: float | None = None
    neutral: Comparison | None
    matched: Comparison | None
    residual: ResidualFinding | None
    seeds_for_width: int | None
    verdict: Verdict | None
    said: str


class TraitAccount(_Record):
    """One trait through one carrier, by one evaluation.

    Attributes:
        evaluation: What was asked, where that is not the preference for the trait alone.
        went_over: Whether untreated students are above neutral ones, and above those of other traits.
        p: Of both, the larger one; None where it is not tested.
        p_holm: The same, corrected over all traits, carriers and evaluations of the study.
    """

    carrier: str
    trait: str
    evaluation: str | None = None
    finding: str
    went_over: bool
    p: float | None = None
    p_holm: float | None = None
    entries: list[Entry]

    @property
    def title(self) -> str:
        """What reports head it with."""
        title = f"{self.trait} through {self.carrier}"
        return title if self.evaluation is None else f"{title}, {self.evaluation}"

    @property
    def quantity(self) -> str:
        """What its rates are rates of."""
        return f"rate of {self.trait}" if self.evaluation is None else self.evaluation
