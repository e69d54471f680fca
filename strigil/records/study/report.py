"""What a study found: the one record that every format of its report is written from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.records.spent import Spent
from strigil.records.study.accounts import TraitAccount
from strigil.records.study.arms import ArmRecord, Unit
from strigil.records.study.tables import CleaningRecord, MatrixRecord


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FailureRecord(_Record):
    """A cell that could not be made, and why."""

    what: Literal["data", "score", "student", "evaluation"]
    cell: str
    reason: str


Worker = Literal["teachers", "rows", "scores", "students", "evaluations", "judges", "in all"]


class SpentRecord(_Record):
    """What one kind of work took.

    Attributes:
        what: Training teachers, writing rows, scoring them, training students, asking models, judging their answers.
        made: Teachers, data sets, tables of scores, students, and models asked or rated that there are.
    """

    what: Worker
    made: int
    spent: Spent


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
        spent: What it took, by kind and in all; empty in reports of earlier versions.
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
    spent: list[SpentRecord] = []
