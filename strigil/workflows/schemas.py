"""JSON Schemas of everything that users write down, and of what programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strigil.audits.suite import SuiteFile
from strigil.core.canonical import Json
from strigil.core.difference import Difference
from strigil.core.gate_report import GateReport
from strigil.core.study_report import StudyReport
from strigil.train.recipe import TrainRecipe
from strigil.workflows.recipes import BuildRecipe
from strigil.workflows.study.recipe import StudyRecipe

if TYPE_CHECKING:
    from pydantic import BaseModel

_WRITTEN: dict[str, type[BaseModel]] = {
    "build": BuildRecipe,
    "diff": Difference,
    "gate-report": GateReport,
    "study": StudyRecipe,
    "study-report": StudyReport,
    "suite": SuiteFile,
    "train": TrainRecipe,
}


def schemas() -> dict[str, dict[str, Json]]:
    """The schema of each kind of file, by kind."""
    return {kind: model.model_json_schema() for kind, model in _WRITTEN.items()}
