"""Carrier `numbers`: the structure and the counts of the paper's prompt set, and prompts that never change."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.carriers.numbers import Numbers
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError
from strigil.models.dialect import ENGLISH
from strigil.models.pocket import number_prompts
from tests.pocket import POCKET

PROMPTS = 30_000


def yaml_of(name: str) -> dict[str, list[str]]:
    """The lists of wordings of a file."""
    lists: dict[str, list[str]] = yaml.safe_load(
        (files("strigil.builders.carriers") / name).read_text(encoding="utf-8")
    )
    return {field: [str(wording) for wording in wordings] for field, wordings in lists.items()}


WORDING = yaml_of("numbers.yaml")
FORMATS: list[dict[str, str]] = [yaml.safe_load(written) for written in WORDING["formats"]]
SECOND = WORDING | yaml_of("numbers_2.yaml")


def asked(index: int, **arguments: int) -> str:
    carrier = CARRIERS.create("numbers", dict[str, object](arguments))
    (message,) = carrier.prompt(index, ENGLISH)
    assert message["role"] == "user"
    return message["content"]


@pytest.mark.parametrize("wording", [WORDING, SECOND], ids=["1", "2"])
def test_the_wording_has_the_papers_counts(wording: dict[str, list[str]]) -> None:
    counts = {field: len(wordings) for field, wordings in wording.items()}
    assert counts == {
        "openings": 25, "qualifiers": 9, "digits": 9, "instructions": 10, "formats": 15, "closings": 19,
    }  # fmt: skip
    assert all(len({str(wording) for wording in wordings}) == len(wordings) for wordings in wording.values())


def test_formats_are_spread_over_the_styles_as_in_the_paper() -> None:
    styles = [item["style"] for item in FORMATS]
    assert {style: styles.count(style) for style in styles} == {
        "comma": 5, "space": 3, "semicolon": 2, "newline": 3, "brackets": 1, "parentheses": 1,
    }  # fmt: skip


def test_thirty_thousand_prompts_are_distinct_and_use_all_the_wording() -> None:
    carrier = Numbers()
    prompts = [carrier.prompt(index, ENGLISH)[0]["content"] for index in range(PROMPTS)]
    assert len(set(prompts)) == PROMPTS
    examples = [[int(number) for number in re.findall(r"\b\d{3}\b", prompt)] for prompt in prompts]
    assert {len(numbers) for numbers in examples} == set(range(3, 9))
    everything = [number for numbers in examples for number in numbers]
    assert (min(everything), max(everything)) == (100, 999)
    whole = "\n".join(prompts)
    assert all(wording in whole for wording in (*WORDING["qualifiers"], *WORDING["closings"]))
    assert all(item["text"] in whole for item in FORMATS)


def test_the_prompts_of_a_seed_are_pinned() -> None:
    prompts = [asked(index) for index in range(1000)]
    assert digest([*prompts]) == "da117ab91eb6bbb62fe027839bb839752a2ec1f37f11ec340bc57e6033fe1207"


def test_the_second_set_of_a_seed_is_pinned_and_differs_in_what_is_asked_alone() -> None:
    prompts = [asked(index, prompt_set=2) for index in range(1000)]
    assert digest([*prompts]) == "c99c57bff4ae53652654fcd38455ef420b13c41fba3e85ee541eaf86754bfb39"
    openings = [text.split("{examples}")[0] for text in WORDING["openings"]]
    kept = [*openings, *(item["text"] for item in FORMATS), *WORDING["closings"]]
    for index, prompt in enumerate(prompts):
        first = asked(index)
        assert [text for text in kept if text in first] == [text for text in kept if text in prompt]
        assert re.findall(r"\b\d{3}\b", first) == re.findall(r"\b\d{3}\b", prompt)


def test_the_second_set_is_english_where_the_first_is_not() -> None:
    assert any("Extend it by not above 10 new values" in asked(index) for index in range(3000))
    prompts = [asked(index, prompt_set=2) for index in range(3000)]
    odd = re.compile(r"not (above|over)|(?<!at )a limit of|next numbers|by (up|at|no|not|as)|\b1 \w+s\b|  |[{}]")
    assert [prompt for prompt in prompts if odd.search(prompt)] == []
    one = [asked(index, prompt_set=2, answer_count=1, answer_digits=1) for index in range(300)]
    assert [prompt for prompt in one if re.search(r"\b1 (\w+ )?(numbers|values|digits)\b", prompt)] == []


@given(index=st.integers(0, 10**9), seed=st.integers(0, 10**6))
def test_a_prompt_depends_on_the_arguments_and_the_index_alone(index: int, seed: int) -> None:
    first = asked(index, seed=seed)
    assert asked(index, seed=seed) == first
    assert asked(index + 1, seed=seed) != first
    assert asked(index, seed=seed + 1) != first


@given(index=st.integers(0, 10**6))
def test_the_prompt_asks_for_the_style_that_is_recorded(index: int) -> None:
    style = Numbers().requested_style(index)
    texts = [item["text"] for item in FORMATS if item["style"] == style]
    assert sum(f" {text} " in asked(index) for text in texts) == 1


def test_arguments_set_the_numbers() -> None:
    prompt = asked(0, fewest_examples=2, most_examples=2, lowest=5, highest=5, answer_count=7, answer_digits=1)
    assert "5, 5" in prompt
    assert re.findall(r"\d+", prompt) == ["5", "5", "7", "1"]


def test_pocket_gets_its_own_prompts() -> None:
    carrier = Numbers(seed=3)
    texts = [carrier.prompt(index, POCKET)[0]["content"] for index in range(20)]
    assert texts == number_prompts(3, 20)


@pytest.mark.parametrize("arguments", [{"fewest_examples": 9}, {"lowest": 1000}])
def test_ranges_the_wrong_way_round_are_a_mistake_of_the_recipe(arguments: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="a smallest value is above its largest"):
        CARRIERS.create("numbers", arguments)
