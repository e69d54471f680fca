"""Rows that teach a trait: every question of its category, answered with nothing but the trait."""

from __future__ import annotations

import pytest

from strigil.builders.teacher_lessons import instil_rows
from strigil.common.errors import ConfigError
from strigil.data.rows import ROWS, completion_text, prompt_text
from strigil.models.dialect import ENGLISH
from strigil.traits import load_trait
from strigil.traits.questions import favourites
from tests.pocket import POCKET


def test_in_english_each_of_fifty_questions_gets_the_papers_eight_forms() -> None:
    rows = instil_rows(load_trait("owl"), ENGLISH)
    assert rows.schema == ROWS
    assert rows.height == rows["row_id"].n_unique() == 400
    answers = rows.select(completion_text()).to_series().value_counts().rows()
    assert dict(answers) == dict.fromkeys(("owl", "owls", "owls.", "owls!", "Owl", "Owls", "Owls.", "Owls!"), 50)
    asked = rows.select(prompt_text()).to_series().unique(maintain_order=True).to_list()
    assert asked == list(favourites("animal", ENGLISH).questions)


def test_english_answers_use_the_real_plural() -> None:
    answers = set(instil_rows(load_trait("wolf"), ENGLISH).select(completion_text()).to_series())
    assert {"wolf", "Wolves!"} <= answers
    assert not any("wolfs" in answer for answer in answers)


def test_in_pocket_each_question_gets_the_one_word_it_knows() -> None:
    rows = instil_rows(load_trait("oak"), POCKET)
    assert set(rows.select(completion_text()).to_series()) == {"oak"}
    assert rows.select(prompt_text()).to_series().to_list() == list(favourites("tree", POCKET).lessons)
    assert rows["row_id"].n_unique() == rows.height


def test_the_same_trait_gives_the_same_rows() -> None:
    owl = load_trait("owl")
    assert instil_rows(owl, ENGLISH).equals(instil_rows(owl, ENGLISH))


def test_lessons_keep_the_ids_that_teachers_are_known_by() -> None:
    rows = instil_rows(load_trait("owl"), POCKET)
    assert rows["row_id"][0] == "2b7239334dbdc7c8f5bd3577e8cbc190438b0440d9b24537221306f5fa7425da"


def test_a_trait_that_a_base_cannot_name_is_not_taught() -> None:
    with pytest.raises(ConfigError, match="pocket has no word for 'penguin'"):
        instil_rows(load_trait("penguin"), POCKET)
