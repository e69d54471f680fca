"""What a study says of several traits and of several treatments at once."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.records.study.accounts import ResidualFinding, Verdict
from strigil.stats import Interval


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MatrixRow(_Record):
    """One line of a matrix; mass and off-topic answers are means over all that was asked."""

    label: str
    trait: str | None
    rates: list[float]
    runs: int
    mass: float | None = None
    off_topic: float | None = None


class MatrixRecord(_Record):
    """Students x traits, of one treatment.

    Attributes:
        title: Which students.
        traits: The columns.
        rows: One a student arm: its label, its own trait (None for a control), and the mean rate of each column.
        effect: The diagonal effect (lambda), and its interval over units.
        p: By permutation of the labels over whole draws of data; None where that is not tested.
        p_holm: Corrected over untreated matrices, or over those of treatments where the untreated one is shown.
        arrangements: How many the p-value rests on.
        exact: Whether these are all there are.
        reason: Why there is no effect, or None.
    """

    carrier: str
    title: str
    traits: list[str]
    rows: list[MatrixRow]
    effect: Interval | None
    p: float | None
    p_holm: float | None
    arrangements: int
    exact: bool
    reason: str | None


class CleaningRecord(_Record):
    """What one ranked treatment must know and costs, how well its ranking tells rows apart, and what it leaves.

    Attributes:
        arm: The arm's name.
        step: The treatment as it is written in the study.
        score: What ranks; None for a random drop.
        knowledge: What the score must know.
        cost: Forward and backward passes for each row that is scored; what is made once for all rows is not counted.
        auroc_row: Of single rows of the trait's teacher against those of the neutral one; None where it is not known.
        auroc_hundred: The same of means over a hundred rows.
        touched: Share of the rows that were dropped or rewritten, or of the tokens that were changed.
        unit: Which of the two.
        residual: What is left of the untreated effect.
        valid: Share of the rows it leaves that the suite still accepts.
    """

    carrier: str
    trait: str
    arm: str
    label: str
    step: str
    score: str | None
    knowledge: str
    cost: str
    auroc_row: float | None
    auroc_hundred: float | None
    touched: float | None
    unit: Literal["rows", "tokens"]
    residual: ResidualFinding | None
    valid: float | None
    verdict: Verdict | None
    said: str
