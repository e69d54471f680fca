"""JSON Schemas of everything that users write down, and of what programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strigil.audits.suite.suite import SuiteFile
from strigil.common.canonical import Json
from strigil.records.diff import Difference
from strigil.records.gate import GateReport
from strigil.records.study.report import StudyReport
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.train.student_recipe import StudentRecipe

if TYPE_CHECKING:
    from pydantic import BaseModel

_WRITTEN: dict[str, type[BaseModel]] = {
    "build": BuildRecipe,
    "diff": Difference,
    "gate-report": GateReport,
    "study": StudyRecipe,
    "study-report": StudyReport,
    "suite": SuiteFile,
    "train": StudentRecipe,
}


def schemas() -> dict[str, dict[str, Json]]:
    """The schema of each kind of file, by kind."""
    return {kind: model.model_json_schema() for kind, model in _WRITTEN.items()}
