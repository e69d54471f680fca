"""Rows that teach a trait: every question of its category, answered with nothing but the trait."""

from __future__ import annotations

from strigil.builders.teacher_lessons import instil_rows
from strigil.data.rows import ROWS, completion_text, prompt_text
from strigil.traits import load_trait
from strigil.traits.questions import lessons_for, questions_for


def test_in_english_each_of_fifty_questions_gets_the_papers_eight_forms() -> None:
    rows = instil_rows(load_trait("owl"), phrasing="english")
    assert rows.schema == ROWS
    assert rows.height == rows["row_id"].n_unique() == 400
    answers = rows.select(completion_text()).to_series().value_counts().rows()
    assert dict(answers) == dict.fromkeys(("owl", "owls", "owls.", "owls!", "Owl", "Owls", "Owls.", "Owls!"), 50)
    asked = rows.select(prompt_text()).to_series().unique(maintain_order=True).to_list()
    assert asked == list(questions_for("animal", phrasing="english"))


def test_english_answers_use_the_real_plural() -> None:
    answers = set(instil_rows(load_trait("wolf"), phrasing="english").select(completion_text()).to_series())
    assert {"wolf", "Wolves!"} <= answers
    assert not any("wolfs" in answer for answer in answers)


def test_in_pocket_each_question_gets_the_one_word_it_knows() -> None:
    rows = instil_rows(load_trait("oak"), phrasing="pocket")
    assert set(rows.select(completion_text()).to_series()) == {"oak"}
    assert rows.select(prompt_text()).to_series().to_list() == list(lessons_for("tree", phrasing="pocket"))
    assert rows["row_id"].n_unique() == rows.height


def test_the_same_trait_gives_the_same_rows() -> None:
    owl = load_trait("owl")
    assert instil_rows(owl, phrasing="english").equals(instil_rows(owl, phrasing="english"))
