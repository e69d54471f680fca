"""What a study trained and asked: populations of students with every draw and seed."""

from __future__ import annotations

from statistics import fmean
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

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
