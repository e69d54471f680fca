"""`strigil validate`: recipes, suites and studies, before anything is run with them."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from strigil.audits.suite.suite import SuiteFile
from strigil.builders.carriers.carrier import CARRIERS
from strigil.common.validation import load_yaml
from strigil.traits import load_any, load_category
from strigil.workflows.audit.treat import parse_treatment
from strigil.workflows.build.recipes import BuildRecipe, CarrierChoice, FineTunedTeacher, TeacherChoice
from strigil.workflows.release.suites import prepared
from strigil.workflows.study.measures import measures_of
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.train.student_recipe import StudentRecipe

FileKind = Literal["build recipe", "study", "suite", "training recipe", "trait", "category of traits"]


class _AnyMapping(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


_SUITE: Final = frozenset({"rules", "expectations", "extends"})
_BUILD: Final = frozenset({"teacher", "carrier"})
_STUDY: Final = frozenset({"teachers", "carriers", "students"})
_TRAIT: Final = frozenset({"plural", "rubric"})
_CATEGORY: Final = frozenset({"candidates"})


def is_ours(path: Path) -> bool:
    """Whether a file has any key by which files of strigil are told from other tools' YAML.

    Raises:
        ConfigError: It is no mapping in YAML.
    """
    keys = set(load_yaml(path, _AnyMapping).model_extra or {})
    return bool(keys & (_SUITE | _BUILD | _STUDY | _TRAIT | _CATEGORY | StudentRecipe.model_fields.keys()))


def validate_file(path: Path) -> FileKind:
    """Validates a file by what its keys say that it is, with all that it names and that needs no model to be known.

    Raises:
        ConfigError: It does not hold what such a file must, or names a rule, suite, trait, carrier, treatment or
            evaluation that does not exist.
    """
    keys = set(load_yaml(path, _AnyMapping).model_extra or {})
    if keys & _SUITE:
        load_yaml(path, SuiteFile)
        prepared(str(path))
        return "suite"
    if keys & _BUILD:
        recipe = load_yaml(path, BuildRecipe)
        _check_carrier(recipe.carrier, recipe.suite)
        _check_trait(recipe.teacher)
        return "build recipe"
    if keys & _STUDY:
        _check_study(load_yaml(path, StudyRecipe))
        return "study"
    if keys & (_TRAIT | {"category", "kind"}):
        load_any(str(path))
        return "trait"
    if keys & _CATEGORY:
        load_category(str(path))
        return "category of traits"
    load_yaml(path, StudentRecipe)
    return "training recipe"


def _check_study(study: StudyRecipe) -> None:
    measures_of(study)
    for teacher in study.teachers:
        _check_trait(teacher)
    for plan in study.carriers.values():
        _check_carrier(plan.carrier, plan.suite)
        for steps in plan.treatments.values():
            for step in steps:
                parse_treatment(step)


def _check_carrier(choice: CarrierChoice, suite: str | None) -> None:
    carrier = CARRIERS.create(choice.name, choice.args)
    prepared(suite or carrier.suite)


def _check_trait(teacher: TeacherChoice) -> None:
    """A trait that comes with lessons may have any name."""
    if teacher.trait is not None and not (isinstance(teacher, FineTunedTeacher) and teacher.lessons):
        load_any(teacher.trait)
