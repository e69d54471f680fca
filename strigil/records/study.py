"""What a study found: the one record that every format of its report is written from."""

from __future__ import annotations

from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from strigil.stats import Interval

ArmKind = Literal[
    "base",
    "teacher",
    "control",
    "random-data",
    "other-trait",
    "untreated",
    "treated",
    "random-drop",
    "shuffle",
    "dose",
    "other-base",
    "other-base-control",
]
Verdict = Literal["transfer", "none", "below", "unclear", "broken", "missing"]
"""Above its neutral arm; equal to it within the margin; below it; not decided; damaged; not measured.

`below` is of reports of earlier versions.
"""
Unit = Literal["draw", "seed"]
"""What intervals are over: independent draws of data; or training seeds of one draw, which describe that draw alone."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RunRecord(_Record):
    """One trained run, or a single model such as the base.

    Attributes:
        seed: Training seed; None for what was not trained by the study.
        draw: Which draw of its teacher's data it is trained on, or which training of a teacher it is.
        rates: Every figure that the study follows: the rate of each trait, or what other evaluations come to by their
            names; empty where there is no result.
        masses: Under the same keys, what part of the answers counts at all: by log-probability, that of the trait's
            category; empty where that is not measured.
        off_topic: Under the same keys, what part of unrelated questions is answered with the trait; empty as well.
        system: The system prompt that it was asked behind as it was trained; empty for none, None for the template's.
        failed: Why there is no result, or None.
    """

    seed: int | None
    draw: int = 0
    rates: dict[str, float] = {}
    masses: dict[str, float] = {}
    off_topic: dict[str, float] = {}
    system: str | None = None
    failed: str | None = None


class DataRecord(_Record):
    """The rows that an arm is trained on, of one draw.

    Attributes:
        digest: Of the manifest of the release that they are from.
        manifest: Where it is, relative to the folder of the report.
        rows: How many of the release's clean rows, from the first.
        content: Their `strigil.data.rows.content_digest`; None in studies of earlier versions.
    """

    name: str
    version: str
    digest: str
    manifest: str
    rows: int
    content: str | None = None
    treatments: list[str]
    draw: int = 0


class ArmRecord(_Record):
    """One arm with all its draws and seeds.

    Attributes:
        name: Unique.
        kind: What it is for.
        label: What a reader calls it.
        carrier: The carrier's label; None for the base.
        trait: The trait of the teacher whose data it is trained on.
        base: The model that it starts from.
        share: Share of the trait's rows, for doses.
        like: For a random drop: the label of the treated arm that it matches.
        data: What it is trained on, by draw; empty where it is not trained, without draws that could not be made.
        runs: Every draw and seed.
    """

    name: str
    kind: ArmKind
    label: str
    carrier: str | None
    trait: str | None
    base: str
    share: float | None = None
    like: str | None = None
    data: list[DataRecord] = []
    runs: list[RunRecord] = []

    @field_validator("data", mode="before")
    @classmethod
    def _of_one_draw(cls, written: object) -> object:
        """Earlier versions knew one draw, which was not in a list."""
        return written if isinstance(written, list) else [] if written is None else [written]

    def data_of(self, draw: int) -> DataRecord | None:
        """The rows of a draw."""
        return next((each for each in self.data if each.draw == draw), None)

    def rates(self, figure: str, unit: Unit) -> dict[int, float]:
        """The figure of each draw, its mean over training seeds; or of each seed. Of a single model under 0."""
        found: dict[int, list[float]] = {}
        for run in self.runs:
            if figure in run.rates:
                found.setdefault(run.draw if unit == "draw" else run.seed or 0, []).append(run.rates[figure])
        return {key: fmean(rates) for key, rates in found.items()}

    def masses(self, figure: str) -> list[float]:
        """The masses of all runs that have one."""
        return [run.masses[figure] for run in self.runs if figure in run.masses]

    def off_topic(self, figure: str) -> list[float]:
        """How often unrelated questions are answered with the trait, by every run that was asked one."""
        return [run.off_topic[figure] for run in self.runs if figure in run.off_topic]

    def of_draws(self, figure: str) -> dict[int, list[float]]:
        """The figure of every run, by draw."""
        found: dict[int, list[float]] = {}
        for run in self.runs:
            if figure in run.rates:
                found.setdefault(run.draw, []).append(run.rates[figure])
        return found


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


class FailureRecord(_Record):
    """A cell that could not be made, and why."""

    what: Literal["data", "score", "student", "evaluation"]
    cell: str
    reason: str


class StudyReport(_Record):
    """The outcome of a study.

    Attributes:
        study: The study's name.
        recipe: The whole study file.
        strigil: The version that wrote it.
        figures: The keys of the runs' rates, in order; those of an earlier version are its traits.
        findings: What it all says, in sentences.
        unit: What intervals are over.
        share: What a treatment may leave of the effect and still be clean; None in reports of earlier versions.
        cleanings: One a treatment with a budget; empty for a study without such.
        notes: What a reader must know besides.
    """

    format: Literal["strigil.study/1", "strigil.study/2"] = "strigil.study/2"
    study: str
    strigil: str
    recipe: dict[str, object]
    traits: list[str]
    figures: list[str] = []
    unit: Unit = "seed"
    margin: float
    share: float | None = None
    width: float
    findings: list[str]
    notes: list[str]
    accounts: list[TraitAccount]
    cleanings: list[CleaningRecord] = []
    matrices: list[MatrixRecord]
    arms: list[ArmRecord]
    failures: list[FailureRecord]
