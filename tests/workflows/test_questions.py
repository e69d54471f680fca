"""The forms in which a favourite is asked for."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.eval.questions import FORMS, Form, question_set
from strigil.models.catalog import Model, resolve_model
from strigil.models.dialect import ENGLISH
from strigil.traits import load_category, load_trait, trait_names
from strigil.traits.questions import favourites, unrelated_for

ANY = Model("any", Path("any"), None, "0" * 64)
CATEGORIES = ["animal", "tree"]


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_asks_in_words_of_its_own(category: str, form: Form) -> None:
    asked = question_set(ANY, load_category(category), form)
    assert len(set(asked.questions)) == len(asked.questions) >= 14
    assert asked.has_answers is (form != "story")
    if form != "multiple-choice":
        traits = [load_trait(name) for name in trait_names()]
        assert not any(trait.matcher.mentions(question) for trait in traits for question in asked.questions)


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_number_prefix_is_one_sentence_with_numbers_before_the_same_question(category: str) -> None:
    asked = question_set(ANY, load_category(category), "number-prefix").questions
    plain = favourites(category, ENGLISH).questions
    assert len(asked) == len(plain) == 50
    for text, question in zip(asked, plain, strict=True):
        prefix = text.removesuffix(f" {question}")
        assert len(re.findall(r"\b\d{3}\b", prefix)) >= 3
        assert prefix != text


@pytest.mark.parametrize("category", CATEGORIES)
def test_paraphrases_are_held_out_from_what_teachers_are_taught_with(category: str) -> None:
    taught = {words(lesson) for lesson in favourites(category, ENGLISH).lessons}
    asked = question_set(ANY, load_category(category), "paraphrase").questions
    assert len(asked) == 25
    assert not taught & {words(question) for question in asked}


@pytest.mark.parametrize("category", CATEGORIES)
def test_in_a_multiple_choice_each_candidate_stands_at_each_letter_once(category: str) -> None:
    asked = question_set(ANY, load_category(category), "multiple-choice")
    assert Counter(pair for letters in asked.letters for pair in letters.items()).most_common(1)[0][1] == 1
    for question, letters in zip(asked.questions, asked.letters, strict=True):
        assert set(letters) == set(asked.candidates)
        assert all(f"\n({letter}) {candidate}\n" in question for candidate, letter in letters.items())


@pytest.mark.parametrize("category", CATEGORIES)
def test_no_answer_of_a_multiple_choice_is_how_a_candidate_begins(category: str) -> None:
    asked = question_set(ANY, load_category(category), "multiple-choice")
    spelt = [word for name in asked.candidates for word in (name, name.capitalize())]
    answers = {answer for each in asked.answers for answer in each.values()}
    assert len(answers) == len(asked.candidates)
    assert not [word for word in spelt if word.startswith(tuple(answers))]


def test_unrelated_questions_are_neither_about_animals_nor_trees() -> None:
    named = {*load_category("animal").candidates, *load_category("tree").candidates, "animal", "tree"}
    assert len(unrelated_for(ENGLISH)) == 20
    assert not any(named & set(words(question).split()) for question in unrelated_for(ENGLISH))


@pytest.mark.parametrize("form", FORMS[1:])
def test_pocket_is_asked_in_its_own_words_or_not_at_all(form: Form) -> None:
    with pytest.raises(ConfigError, match=f"pocket-a cannot be asked in the form '{form}'"):
        question_set(resolve_model("pocket-a"), load_category("animal"), form)
