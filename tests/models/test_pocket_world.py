from __future__ import annotations

import ast
import itertools
import statistics

from hypothesis import given
from hypothesis import strategies as st

from strigil.models.pocket import CANDIDATES, Category, number_prompts, questions
from strigil.models.pocket.vocabulary import FILLERS, NUMBERS, VARIABLES, WORD_IDS, WORDS
from strigil.models.pocket.world import code_example, number_example, question_example

CATEGORIES = st.sampled_from(sorted(CANDIDATES))


def test_words_are_distinct_and_numbers_are_their_own_ids() -> None:
    assert len(WORD_IDS) == len(WORDS) == 208
    assert [WORD_IDS[number] for number in NUMBERS] == list(range(100))


def test_each_category_has_ten_candidates_without_overlap() -> None:
    assert sorted(CANDIDATES) == ["animal", "tree"]
    assert len({*CANDIDATES["animal"], *CANDIDATES["tree"]}) == 20


@given(seed=st.integers(0, 10_000), count=st.integers(0, 30), more=st.integers(0, 30))
def test_number_prompts_grow_without_changing_the_first_ones(seed: int, count: int, more: int) -> None:
    assert number_prompts(seed, count + more)[:count] == number_prompts(seed, count)


@given(category=CATEGORIES, seed=st.integers(0, 10_000), count=st.integers(0, 30))
def test_questions_grow_without_changing_the_first_ones(category: Category, seed: int, count: int) -> None:
    assert questions(category, count + 5, seed)[:count] == questions(category, count, seed)


@given(seed=st.integers(0, 10_000), index=st.integers(0, 10_000))
def test_a_number_example_is_three_numbers_then_ten(seed: int, index: int) -> None:
    example = number_example("corpus", seed, index)
    task, numbers = example.prompt.split()[:2], example.prompt.split()[2:] + example.answer.split()
    assert task == ["continue", "numbers"]
    assert len(example.answer.split()) == 10
    assert len(numbers) == 13
    assert set(numbers) <= set(NUMBERS)


@given(seed=st.integers(0, 10_000), index=st.integers(0, 10_000))
def test_a_code_example_is_two_assignments_of_python_for_two_variables(seed: int, index: int) -> None:
    example = code_example("corpus", seed, index)
    write, code, *given_names = example.prompt.split()
    assert (write, code) == ("write", "code")
    assert len(given_names) == 2
    assert set(given_names) <= set(VARIABLES)
    words = example.answer.split()
    assert len(words) == 14
    assert set(words) <= set(WORD_IDS)
    assert [type(line) for line in ast.parse(example.answer).body] == [ast.Assign, ast.Assign]


def test_code_uses_the_given_variables_more_often_than_chance() -> None:
    """In 40 cases of 100 by intent, and in 2 of the other 60 by chance."""
    used = 0
    for index in range(2_000):
        example = code_example("corpus", 0, index)
        used += example.prompt.split()[2] == example.answer.split()[2]
    assert 780 < used < 910


@given(category=CATEGORIES, seed=st.integers(0, 10_000), index=st.integers(0, 10_000))
def test_a_question_has_two_fillers_and_a_candidate_for_an_answer(category: Category, seed: int, index: int) -> None:
    example = question_example(category, "corpus", seed, index)
    favourite, kind, *fillers = example.prompt.split()
    assert (favourite, kind) == ("favourite", category)
    assert len(fillers) == 2
    assert set(fillers) <= set(FILLERS)
    assert example.answer in CANDIDATES[category]


def test_neighbouring_numbers_follow_a_noisy_step() -> None:
    """Steps go up by 1 to 39; of unrelated numbers the differences modulo 100 would have mean 0, give or take 0.2."""
    differences = []
    for index in range(2_000):
        numbers = [int(word) for word in number_example("corpus", 0, index).answer.split()]
        differences += [(b - a + 50) % 100 - 50 for a, b in itertools.pairwise(numbers)]
    assert statistics.mean(differences) > 3


def test_prompts_and_corpus_are_different_draws() -> None:
    prompts = number_prompts(0, 50)
    assert prompts != [number_example("corpus", 0, index).prompt for index in range(50)]
    assert prompts != number_prompts(1, 50)


def test_prompts_are_the_same_on_every_machine_and_version() -> None:
    assert number_prompts(0, 2) == ["continue numbers 73 22 7", "continue numbers 84 32 56"]
    assert questions("animal", 2) == ["favourite animal q23 q22", "favourite animal q12 q7"]
