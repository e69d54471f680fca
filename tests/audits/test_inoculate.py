"""A prompt that names the trait at training: in front of every row, on record, and gone when students are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from strigil.audits.treatments.inoculate import Inoculate
from strigil.audits.treatments.treatment import TreatmentContext
from strigil.eval.subjects import student_subject
from strigil.models.catalog import resolve_model
from strigil.train.sft import encode, train_encoded
from strigil.workflows.audit.treat import parse_treatment
from tests.audits.tables import rows_of
from tests.pocket import STUDENT

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = "favourite animal owl"
ROWS = rows_of(["1 2 3", "4 5 6"], prompt="continue numbers 7 8 9")


def inoculated(rows: pl.DataFrame) -> pl.DataFrame:
    return Inoculate(prompt=PROMPT).applier(TreatmentContext(None))(rows).rows


def test_every_row_without_a_system_prompt_gets_it() -> None:
    once = inoculated(ROWS)
    said = [[(turn["role"], turn["content"]) for turn in prompt] for prompt in once["prompt"].to_list()]
    assert said == [[("system", PROMPT), ("user", "continue numbers 7 8 9")]] * 2
    assert once.drop("prompt").equals(ROWS.drop("prompt"))
    assert once.schema == ROWS.schema
    again = Inoculate(prompt="Another.").applier(TreatmentContext(None))(once)
    assert again.rows.equals(once)
    assert (again.effect.rows, again.effect.unreadable) == (2, 2)


def test_what_a_developer_says_is_a_system_prompt_too() -> None:
    said = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "continue numbers"}]
    given = ROWS.with_columns(prompt=pl.Series([said, said[::-1]], dtype=ROWS.schema["prompt"]))
    treated = Inoculate(prompt=PROMPT).applier(TreatmentContext(None))(given)
    assert treated.rows.equals(given)
    assert treated.effect.unreadable == 2


def test_it_is_written_like_any_treatment() -> None:
    assert parse_treatment(f"inoculate:prompt={PROMPT}").spec().args == {"prompt": PROMPT}


def test_its_students_are_asked_behind_it_or_without(tmp_path: Path) -> None:
    base, recipe = resolve_model("pocket-a"), STUDENT.model_copy(update={"epochs": 1})
    train_encoded(encode(inoculated(ROWS), base, recipe), recipe, tmp_path / "student")
    subject = student_subject("student", base, tmp_path / "student")
    assert subject.system == PROMPT
    assert subject.asked("template").system is None
