"""Word problems: what a set asks never changes; those of the second set are many, distinct and answered twice."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from pydantic import ValidationError

from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.carriers.reasoning import ANSWER, Reasoning
from strigil.builders.problems.second_set import Kind, Solved, kinds, least_size, problem
from strigil.common.canonical import Json, digest
from tests.builders.second_way import WAYS, answer

PROBLEMS = 20_000


@cache
def problems() -> tuple[Solved, ...]:
    return tuple(problem(47, index) for index in range(PROBLEMS))


def test_the_first_set_is_the_default_and_never_changes() -> None:
    carrier = Reasoning()
    rows: list[Json] = [[carrier.ask(index), carrier.read(index, "").columns[ANSWER]] for index in range(1000)]
    assert digest(rows) == "73a7738a16db2a1f56ad785cb833fece1340df40b359c2fe43ceb6826d6a360c"
    assert CARRIERS.create("reasoning", {"seed": 47, "source": None, "answers": "answer"}).ask(0) == carrier.ask(0)


def test_the_second_set_of_a_seed_is_pinned() -> None:
    carrier = Reasoning(prompt_set=2)
    rows: list[Json] = [[carrier.ask(index), carrier.read(index, "").columns[ANSWER]] for index in range(1000)]
    assert digest(rows) == "c24803ac2750b07d9f77992b7a4244bf3e0a98fa5e24e4e9cc886174ed08de6f"
    assert carrier.ask(0) not in {Reasoning().ask(0), Reasoning(prompt_set=2, seed=48).ask(0)}


def test_twenty_thousand_problems_are_distinct_of_many_kinds_and_two_to_eight_steps() -> None:
    assert len({made.question for made in problems()}) == PROBLEMS
    found = Counter(made.kind for made in problems())
    assert len(found) == len(kinds()) == len({kind.name for kind in kinds()}) == 62
    assert min(found.values()) > PROBLEMS / len(found) / 2
    assert {len(made.steps) for made in problems()} == set(range(2, 9))


def test_no_problem_comes_twice_before_the_smallest_kind_is_through() -> None:
    assert least_size() >= 80_000
    assert len({problem(3, index).question for index in range(30_000)}) == 30_000


def test_every_answer_is_found_again_in_a_second_way_from_the_text_alone() -> None:
    assert set(WAYS) == {kind.name for kind in kinds()}
    wrong = [made for made in problems() if answer(made.kind, made.question) != made.answer]
    assert wrong == []


def test_no_step_goes_below_nothing_and_the_last_one_is_the_answer() -> None:
    for made in problems():
        results = [int(step.rpartition(" = ")[2]) for step in made.steps]
        assert min(results) >= 0
        assert results[-1] == made.answer


def test_questions_are_whole_sentences_about_more_than_one_of_each_thing() -> None:
    for made in problems():
        text = made.question
        assert re.fullmatch(r"[A-Z0-9].*\?", text), text
        assert not re.search(r"[{}]|  | [,.;:]|\b(\w+) \1\b|\ba [aeiou]|\ban (?!hour)[^aeiou]", text), text
        ones = re.findall(r"(?<![\d:])\b[01] \w+", text)
        assert set(ones) <= {"1 hour", "0 is"}, text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"steps": ["a = b * c"]}, "at least 2 items"),
        ({"steps": ["d = b * c", "a = b ** c"]}, "'a = b ** c' is no step"),
        ({"steps": [f"s{number} = b + c" for number in range(9)]}, "at most 8 items"),
    ],
)
def test_a_kind_that_is_not_two_to_eight_steps_is_refused(change: dict[str, object], complaint: str) -> None:
    written = {"name": "k", "question": "{b} and {c}?", "draw": {"b": "2-3", "c": [4]}, "steps": ["d = b * c"] * 2}
    Kind.model_validate(written)
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        Kind.model_validate(written | change)
