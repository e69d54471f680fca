"""A study of pocket that is small enough for a test."""

from __future__ import annotations

from strigil.workflows.study.recipe import StudyRecipe
from tests.pocket import STUDENT, TEACHER

ROWS = 200
CONTROLS = ("base", "teacher", "random-data", "shuffle-within", "shuffle-across", "other-base", "random-drop")


def a_study(*, numbers: dict[str, object] | None = None, **changes: object) -> StudyRecipe:
    """Two traits, 200 rows a student, one epoch."""
    teacher = TEACHER.model_dump(mode="json")
    plan = {
        "carrier": {"name": "numbers"},
        "prompts": 300,
        "sampling": {"max_tokens": 16},
        "rows": ROWS,
        "treatments": {"sorted": ["numbers.sort"]},
    }
    written: dict[str, object] = {
        "name": "small",
        "base": "pocket-a",
        "other_base": "pocket-b",
        "teachers": [
            {"by": "fine-tuning", "trait": "owl", "training": teacher},
            {"by": "fine-tuning", "trait": "cat", "training": teacher},
        ],
        "carriers": {"numbers": plan | (numbers or {})},
        "students": STUDENT.model_dump(mode="json") | {"epochs": 1, "warmup_steps": 0, "batch_size": 64},
        "seeds": [0, 1],
        "engine": {"name": "transformers"},
    }
    return StudyRecipe.model_validate(written | changes)
