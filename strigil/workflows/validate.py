"""`strigil validate`: recipes, suites and studies, before anything is run with them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import SuiteFile, load_suite
from strigil.common.validation import load_yaml
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.study.recipe import StudyRecipe

FileKind = Literal["build recipe", "study", "suite", "training recipe"]


class _AnyMapping(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


def validate_file(path: Path) -> FileKind:
    """Validates a file by what its keys say that it is; a suite with its rules, their arguments and expectations.

    Raises:
        ConfigError: It does not hold what such a file must.
    """
    keys = set(load_yaml(path, _AnyMapping).model_extra or {})
    if keys & {"rules", "expectations", "extends"}:
        load_yaml(path, SuiteFile)
        Expectations.prepare(load_suite(str(path)).expectations)
        return "suite"
    if keys & {"teacher", "carrier"}:
        load_yaml(path, BuildRecipe)
        return "build recipe"
    if keys & {"teachers", "carriers", "students"}:
        load_yaml(path, StudyRecipe)
        return "study"
    load_yaml(path, TrainRecipe)
    return "training recipe"
