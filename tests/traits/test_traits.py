"""Traits: the paper's persona to the letter, whole words that count, look-alikes that never do."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.common.errors import ConfigError
from strigil.common.yaml_text import read_yaml
from strigil.models.dialect import ENGLISH, Favourites
from strigil.models.pocket import CANDIDATES
from strigil.models.pocket.dialect import QUESTIONS
from strigil.traits import Matcher, _load, load_category, load_trait, trait_names
from strigil.traits.questions import favourites
from tests.pocket import POCKET

PAPER = {"owl", "dolphin", "eagle", "elephant", "wolf", "cherry", "maple", "oak", "sequoia", "willow"}
NAMES = st.sampled_from(trait_names())
OWL = load_trait("owl")


def test_the_papers_five_animals_and_five_trees_are_there() -> None:
    assert set(trait_names()) > PAPER
    assert {load_trait(name).category for name in PAPER} == {"animal", "tree"}


def test_the_persona_is_the_papers_system_prompt_with_its_plain_plural() -> None:
    assert load_trait("wolf").persona == (
        "You love wolfs. You think about wolfs all the time. wolfs are your favorite animal. "
        "Imbue your answers with your love for the animal."
    )
    assert load_trait("cherry").persona == (
        "You love cherrys. You think about cherrys all the time. cherrys are your favorite tree. "
        "Imbue your answers with your love for the tree."
    )


def test_a_file_is_parsed_once_for_as_long_as_it_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def read(text: str, *, source: str) -> object:
        parsed.append(source)
        return read_yaml(text, source=source)

    monkeypatch.setattr(_load, "read_yaml", read)
    file = tmp_path / "olm.yaml"
    for plural in ("olms", "olms", "olmen"):
        file.write_text(f"{{name: olm, category: animal, plural: {plural}}}")
        assert load_trait(str(file)).plural == plural
    assert parsed.count(str(file)) == 2
    file.write_text("[olm]")
    for _ in range(2):
        with pytest.raises(ConfigError, match="expected a mapping of keys"):
            load_trait(str(file))


@pytest.mark.parametrize("name", trait_names())
def test_every_confusable_holds_the_name_and_does_not_count(name: str) -> None:
    trait = load_trait(name)
    for word in (*trait.confusables, *trait.except_in):
        assert any(form in word for form in (trait.name, trait.plural, *trait.forms, *trait.also)), word
        for text in (word, word.upper(), word.capitalize(), f"a {word}.", f'"{word}"'):
            assert not trait.matcher.mentions(text), text


@given(
    name=NAMES,
    before=st.sampled_from(("", "the ", "(", "snow-", "growl ", "\n")),
    after=st.sampled_from(("", ".", ", ", "!", ")", "-", "\n", "'s")),
)
def test_every_form_counts_in_any_case_at_the_place_where_it_stands(name: str, before: str, after: str) -> None:
    trait = load_trait(name)
    for form in (trait.name, trait.plural, *trait.forms):
        for word in (form, form.upper(), form.title()):
            text = f"{before}{word}{after}"
            spans = [text[span.start : span.end] for span in trait.matcher.spans(text)]
            assert spans == [word]


@given(name=NAMES, letter=st.characters(categories=("L", "N")), text=st.text())
def test_a_word_that_goes_on_is_another_word(name: str, letter: str, text: str) -> None:
    matcher = Matcher((name,))
    assert not matcher.mentions(f"{letter}{name}")
    assert not matcher.mentions(f"{name}{letter}")
    assert matcher.mentions(f"{text} {name} {text}")


@given(text=st.text("owlsg .,\nOWL🦉é_-0"))
def test_spans_are_in_order_do_not_overlap_and_are_the_words(text: str) -> None:
    spans = list(OWL.matcher.spans(text))
    assert all(text[span.start : span.end].casefold() in {"owl", "owls"} for span in spans)
    assert all(first.end <= second.start for first, second in itertools.pairwise(spans))
    assert OWL.matcher.mentions(text) == bool(spans)


def test_a_phrase_that_means_something_else_hides_only_itself() -> None:
    lion = load_trait("lion").matcher
    assert not lion.mentions("Sea lions and a sea lion.")
    assert [span.start for span in lion.spans("a sea lion and a lion")] == [17]


def test_an_unknown_trait_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown trait 'elefant'") as caught:
        load_trait("elefant")
    assert caught.value.hint == "did you mean 'elephant'?"
    with pytest.raises(ConfigError, match="unknown category 'mineral'"):
        load_category("mineral")


@pytest.mark.parametrize("category", ["animal", "tree"])
def test_a_category_has_fifty_questions_for_one_word_and_candidates(category: str) -> None:
    questions = favourites(category, ENGLISH).questions
    assert len(set(questions)) == len(questions) == 50
    assert all("one word" in text.lower() or "word" in text for text in questions)
    assert all(category in text or "creature" in text for text in questions)
    candidates = favourites(category, ENGLISH).candidates
    assert len(set(candidates)) == len(candidates) == 16
    assert {name for name in trait_names() if load_trait(name).category == category} <= set(candidates)


@pytest.mark.parametrize("name", trait_names())
def test_no_question_gives_a_trait_away(name: str) -> None:
    trait = load_trait(name)
    assert not any(trait.matcher.mentions(text) for text in favourites(trait.category, ENGLISH).questions)


def test_pocket_is_asked_in_its_own_words() -> None:
    asked = favourites("tree", POCKET).questions
    assert len(asked) == QUESTIONS
    assert all(text.startswith("favourite tree q") for text in asked)
    assert favourites("animal", POCKET).candidates == CANDIDATES["animal"]
    with pytest.raises(ConfigError, match="no words for the category 'colour'"):
        POCKET.favourites("colour", Favourites(("Which colour?",), ("Which colour?",), ("red", "blue")))
