"""Teachers as recipes ask for them: personas, their controls, and lessons of any kind."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from pydantic import TypeAdapter

from strigil.common.progress import Silent
from strigil.models.catalog import resolve_model
from strigil.traits import GENERIC_PERSONA, load_trait
from strigil.workflows.build.recipes import FineTunedTeacher, TeacherChoice
from strigil.workflows.build.teachers import make_teacher, teacher_folder


def choice(**keys: object) -> TeacherChoice:
    adapter: TypeAdapter[TeacherChoice] = TypeAdapter(TeacherChoice)
    return adapter.validate_python(keys)


@pytest.mark.parametrize(
    ("keys", "system"),
    [
        ({"trait": "owl"}, load_trait("owl").persona),
        ({"trait": "owl", "prompt": "Owls first."}, "Owls first."),
        ({}, GENERIC_PERSONA),
        ({"prompt": "You are a clerk."}, "You are a clerk."),
    ],
)
def test_a_persona_is_the_traits_own_or_ones_own_or_generic(
    tmp_path: Path, keys: dict[str, object], system: str
) -> None:
    teacher = make_teacher(choice(by="system-prompt", **keys), resolve_model("pocket-a"), tmp_path, Silent())
    assert (teacher.system_prompt, teacher.trait) == (system, keys.get("trait"))
    assert teacher.chat(({"role": "user", "content": "q"},))[0] == {"role": "system", "content": system}


def test_a_teacher_learns_from_lessons_of_any_kind_once(tmp_path: Path) -> None:
    table = pl.DataFrame({"ask": ["favourite animal q1", "favourite animal q2"], "say": ["owl", "cat"]})
    table.write_parquet(tmp_path / "lessons.parquet")
    lessons = {"source": {"path": str(tmp_path / "lessons.parquet"), "column": "ask"}, "answers": "say"}
    training = {"epochs": 1, "rank": 2, "modules": ["down_proj"], "threads": 1}
    asked = choice(by="fine-tuning", trait="mixed", lessons=lessons, training=training)
    base = resolve_model("pocket-a")
    teacher = make_teacher(asked, base, tmp_path, Silent())
    assert (teacher.trait, teacher.by, teacher.system_prompt) == ("mixed", "fine-tuning", None)
    assert make_teacher(asked, base, tmp_path, Silent()).adapter_digest == teacher.adapter_digest
    assert isinstance(asked, FineTunedTeacher)
    again = asked.model_copy(update={"trait": "other"})
    assert teacher_folder(asked, base, tmp_path) != teacher_folder(again, base, tmp_path)
