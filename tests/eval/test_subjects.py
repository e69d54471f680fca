"""Whom evaluations ask, and behind which system prompt: a student's own training decides unless somebody else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.eval.asking import behind, chat
from strigil.eval.subjects import Subject, subjects_of
from strigil.models.catalog import resolve_model
from tests.engines.pocket_cases import random_adapter

BASE = resolve_model("pocket-a")


def a_student(folder: Path, **result: object) -> Path:
    random_adapter(folder, 0)
    (folder / "train.json").write_text(json.dumps(result))
    return folder


def systems(folders: list[Path], system: str = "trained") -> list[str | None]:
    return [subject.system for subject in subjects_of(BASE, folders, system=system)]


@pytest.mark.parametrize(
    ("result", "system"),
    [
        pytest.param({"system": None, "recipe": {"default_system": "keep"}}, None, id="the template's default"),
        pytest.param({"system": "", "recipe": {"default_system": "drop"}}, "", id="none"),
        pytest.param({"system": "Be brief."}, "Be brief.", id="that of all rows"),
        pytest.param({"recipe": {"default_system": "drop"}}, "", id="none, of an earlier version"),
        pytest.param({"recipe": {"default_system": "keep"}}, None, id="the default, of an earlier version"),
    ],
)
def test_students_and_their_base_are_asked_as_they_were_trained(
    tmp_path: Path, result: dict[str, object], system: str | None
) -> None:
    assert systems([a_student(tmp_path / "student", **result)]) == [system, system]


def test_the_base_of_students_that_differ_is_asked_behind_the_template_s_default(tmp_path: Path) -> None:
    folders = [a_student(tmp_path / name, system=name) for name in ("one", "two")]
    assert systems(folders) == [None, "one", "two"]


@pytest.mark.parametrize(("written", "system"), [("template", None), ("none", ""), ("Be brief.", "Be brief.")])
def test_all_may_be_asked_in_another_way(tmp_path: Path, written: str, system: str | None) -> None:
    assert systems([a_student(tmp_path / "student", system="mine")], written) == [system, system]


def test_a_persona_stays_what_it_is() -> None:
    teacher = Subject("owl teacher", BASE, system="You love owls.", persona=True)
    assert teacher.asked("none") == teacher
    assert not teacher.is_base
    assert Subject("base", BASE, system="").is_base


def test_a_question_that_has_a_system_prompt_keeps_it() -> None:
    assert behind(chat("Who?", "Mine."), "Another.") == chat("Who?", "Mine.")
    assert behind(chat("Who?", None), "") == chat("Who?", "")
