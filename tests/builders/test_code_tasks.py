"""Sets of code prompts: what a set asks never changes; the second one is large, varied, and good English."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import accumulate, pairwise

import pytest

from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.carriers.code import Code
from strigil.builders.code_tasks.grammar import Word
from strigil.builders.code_tasks.second_set import SecondSet
from strigil.builders.code_tasks.tasks import Task
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError

PROMPTS = 20_000
# Vowels that sound like consonants, and the other way round, as far as the tasks have them.
A = re.compile(
    r"\ba (?!uni|use|eu|one|UUID)[aeiouAEIOU]|\ban (?!hour|honest|f-string|MAC|HTML|SQL|ISBN|INI|XML)[^aeiouAEIOU]"
)


@cache
def tasks() -> tuple[Task, ...]:
    whole = SecondSet(47)
    return tuple(whole.whole(index) for index in range(len(whole)))


@cache
def prompts() -> tuple[str, ...]:
    carrier = Code(prompt_set=2)
    return tuple(carrier.ask(index) for index in range(PROMPTS))


def test_the_first_set_is_the_default_and_never_changes() -> None:
    carrier = Code()
    assert carrier.count() == 1879
    assert (
        digest([carrier.ask(index) for index in range(1879)])
        == "ba4dd1da5baa729e6ba03dc7b46809c613aa8cafcf83d0edca11ce31504d1f17"
    )


def test_what_an_older_manifest_records_gives_the_first_set() -> None:
    older = CARRIERS.create("code", {"seed": 47})
    assert [older.ask(index) for index in range(9)] == [Code().ask(index) for index in range(9)]
    assert Code().spec().args["prompt_set"] == 1
    newer = CARRIERS.create("code", Code(prompt_set=2).spec().args)
    assert newer.ask(0) == Code(prompt_set=2).ask(0) != Code().ask(0)


def test_a_set_that_there_is_not_is_named() -> None:
    with pytest.raises(ConfigError, match="prompt_set: input should be 1 or 2"):
        CARRIERS.create("code", {"prompt_set": 3})


def test_who_asks_for_more_than_the_first_set_has_is_told_of_the_second() -> None:
    assert Code().hint_for_more(1879).endswith("; or prompt_set: 2, which has 30,271")
    assert "prompt_set" not in Code(prompt_set=2).hint_for_more(30_271)


def test_twenty_thousand_prompts_are_distinct_of_many_families_and_all_levels() -> None:
    assert len(set(prompts())) == PROMPTS
    assert len({(task.text, task.stub) for task in tasks()}) == len(tasks()) == Code(prompt_set=2).count() >= 30_000
    first = tasks()[:PROMPTS]
    families = Counter(task.family for task in first)
    assert len(families) >= 130
    assert max(families.values()) < PROMPTS / 50
    assert {task.level for task in first} == {
        "one-liner", "function", "class", "files", "data", "web", "command-line", "tests", "program", "stub",
    }  # fmt: skip


def test_the_second_set_of_a_seed_is_pinned() -> None:
    assert digest(list(prompts()[:2000])) == "2f08e3650aee5e34f6b592717bef36f13e59fe6b80f7772da4f90045bc5c8ae8"
    assert Code(prompt_set=2, seed=48).ask(0) != prompts()[0]


def test_tasks_are_whole_sentences_without_slots_or_slips() -> None:
    def wrong(text: str) -> bool:
        outside = re.sub(r"`[^`]*`", "`x`", text)
        return (
            not re.fullmatch(r"[A-Z`].*[.]", text)
            or bool(re.search(r"[{}]|  | [,.;:](?![.\w])|\.\.(?!\.)|[,;:][,;:.]", outside))
            or bool(re.search(r"\b([A-Za-z]+) \1\b", outside))
            or bool(A.search(outside))
        )

    assert [task.text for task in tasks() if wrong(task.text)] == []


def test_given_code_is_python_and_the_prompt_ends_with_it() -> None:
    given = [task.stub for task in tasks() if task.stub is not None]
    assert len(given) > 2000
    for stub in given:
        ast.parse(stub)
        assert not A.search(stub)
    fenced = [prompt for prompt in prompts() if "```" in prompt]
    assert len(fenced) > 1000
    assert all(re.fullmatch(r"[^`]*(`[^`]+`[^`]*)*\n\n```python\n.*\n```", text, re.DOTALL) for text in fenced)


def test_examples_in_docstrings_hold() -> None:
    means: dict[str, Callable[[list[int]], object]] = {
        "ends": lambda of: (of[0], of[-1]),
        "extremes": lambda of: (min(of), max(of)),
        "total": sum,
        "ordered": sorted,
        "backwards": lambda of: of[::-1],
        "doubled": lambda of: [2 * each for each in of],
        "squares": lambda of: [each**2 for each in of],
        "odd_ones": lambda of: [each for each in of if each % 2],
        "even_ones": lambda of: [each for each in of if not each % 2],
        "running_totals": lambda of: [*accumulate(of)],
        "steps": lambda of: [after - before for before, after in pairwise(of)],
        "neighbours": lambda of: [*pairwise(of)],
        "places": lambda of: {each: place for place, each in enumerate(of)},
    }
    examples = [task.stub for task in tasks() if task.family == "doctest-to-satisfy"]
    assert len(examples) == 156
    for stub in examples:
        found = re.search(r">>> (\w+)\((.*)\)\n    (.*)\n", stub or "")
        assert found is not None
        name, given, result = found.groups()
        assert means[name](ast.literal_eval(given)) == ast.literal_eval(result)


@pytest.mark.parametrize(
    ("word", "a", "many"),
    [
        ("apple", "an apple", "apples"),
        ("city", "a city", "cities"),
        ("hour of parking", "an hour of parking", "hours of parking"),
        ("power of two", "a power of two", "powers of two"),
        ("HTML page", "an HTML page", "HTML pages"),
        ("URL", "a URL", "URLs"),
        ("CSV", "a CSV", "CSVs"),
        ("user", "a user", "users"),
        ("box", "a box", "boxes"),
        ("species", "a species", "species"),
        ("to-do list", "a to-do list", "to-do lists"),
        ("toy", "a toy", "toys"),
    ],
)
def test_nouns_inflect(word: str, a: str, many: str) -> None:
    assert (Word(word).a, Word(word).many) == (a, many)


@pytest.mark.parametrize(
    ("verb", "does"),
    [
        ("count the words", "counts the words"),
        ("copy it", "copies it"),
        ("say whether", "says whether"),
        ("match", "matches"),
        ("have a name", "has a name"),
    ],
)
def test_verbs_inflect(verb: str, does: str) -> None:
    assert Word(verb).does == does


def test_words_become_names() -> None:
    word = Word("board-game night")
    assert (word.snake, word.kebab, word.camel) == ("board_game_night", "board-game-night", "BoardGameNight")
