"""Carriers: prompts that depend on arguments and index alone, and completions read as they are promised to be."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.builders.carriers.carrier import CARRIERS, Carrier
from strigil.builders.carriers.code import STRIPPED, Code
from strigil.builders.carriers.reasoning import ANSWER, Reasoning
from strigil.builders.carriers.text import Text
from strigil.builders.problems.first_set import problem
from strigil.builders.prompt_source import PromptSource
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.data.fences import strip_fences
from strigil.models.catalog import resolve_model
from strigil.models.dialect import ENGLISH
from strigil.models.pocket.world import number_example
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.study.lengths import lengths_of
from tests.pocket import POCKET


def lines(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def content(carrier: Carrier, index: int) -> str:
    return carrier.prompt(index, ENGLISH)[-1]["content"]


@pytest.mark.parametrize("name", ["code", "numbers", "reasoning"])
def test_a_prompt_depends_on_arguments_and_index_alone(name: str) -> None:
    forwards = [content(CARRIERS.create(name), index) for index in range(50)]
    backwards = [content(CARRIERS.create(name), index) for index in reversed(range(50))]
    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 50
    assert forwards != [content(CARRIERS.create(name, {"seed": 48}), index) for index in range(50)]


def test_plans_count_on_as_many_tokens_as_completions_have() -> None:
    numbers = CARRIERS.create("numbers")
    answers = [number_example("prompts", 0, index).answer.split() for index in range(20)]
    assert {len(answer) for answer in answers} == {numbers.usual_tokens(POCKET)}
    assert numbers.usual_tokens(ENGLISH) == 4 * 10
    assert CARRIERS.create("numbers", {"answer_count": 5}).usual_tokens(ENGLISH) == 4 * 5


def test_plans_count_on_the_token_limit_where_a_carrier_cannot_tell_or_writes_more(tmp_path: Path) -> None:
    file = lines(tmp_path / "rows.jsonl", {"prompt": "numbers 1", "completion": "2"})
    text: dict[str, object] = {"name": "text", "args": {"source": {"path": str(file)}}}

    def completion(carrier: dict[str, object], most: int) -> float:
        kept = {"name": "rows", "base": "pocket-a", "teacher": {"by": "none"}, "prompts": 1}
        recipe = BuildRecipe.model_validate(kept | {"carrier": carrier, "sampling": {"max_tokens": most}})
        return lengths_of(recipe, resolve_model("pocket-a")).completion

    assert completion({"name": "numbers"}, 64) == 10
    assert completion({"name": "numbers"}, 6) == 6
    assert completion(text, 33) == 33


def test_every_code_task_is_another_one() -> None:
    carrier = Code()
    size = carrier.size(ENGLISH)
    assert size is not None
    assert len({carrier.task(index) for index in range(size)}) == size >= 1500
    assert not any("{" in carrier.task(index) for index in range(size))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("x = 1", "x = 1"),
        ("```python\nx = 1\n```", "x = 1"),
        ("Sure!\n```\nx = 1\n```\nDone.", "x = 1"),
        ("~~~py\nx = '```'\n~~~", "x = '```'"),
        ("```python\nx = 1\n```\nor\n```python\nx = 2\n```", "x = 1\n\nx = 2"),
        ("```python\nx = 1", "x = 1"),
        ("`x = 1`", "`x = 1`"),
    ],
)
def test_code_comes_without_fences_and_the_row_says_so(answer: str, code: str) -> None:
    written = Code().read(0, answer)
    assert written.text == code
    assert written.columns == {STRIPPED: "fences" if answer != code else None}


@pytest.mark.parametrize(
    ("answer", "ends"),
    [
        ("```python\nx = 1\n```\nThis sets", "stop"),
        ("```python\nx = 1\n```", "stop"),
        ("```python\nx = 1\n```\nor\n```python\nx =", "length"),
        ("```python\nx =", "length"),
        ("x =", "length"),
    ],
)
def test_code_is_cut_off_only_where_its_fence_is(answer: str, ends: str) -> None:
    assert Code().read(0, answer).ended("length") == ends


@given(st.text(alphabet=st.characters(exclude_characters="`~")))
def test_text_without_a_fence_is_kept_to_the_letter(text: str) -> None:
    assert strip_fences(text) == text


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_problems_have_answers_that_are_no_negative_numbers(seed: int, index: int) -> None:
    made = problem(seed, index)
    assert made.answer >= 0
    assert made == problem(seed, index)


def test_reasoning_rows_carry_the_expected_answer() -> None:
    carrier = Reasoning()
    assert carrier.read(3, "<answer>1</answer>").columns == {ANSWER: str(problem(47, 3).answer)}
    assert problem(47, 3).question in content(carrier, 3)
    assert "<answer>" in content(carrier, 3)


def test_reasoning_takes_problems_from_a_table(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", {"question": "1 + 1?", "answer": "one and one #### 2"})
    carrier = CARRIERS.create("reasoning", {"source": {"path": str(path), "column": "question"}})
    assert carrier.size(ENGLISH) == 1
    assert content(carrier, 0).startswith("1 + 1?")
    assert carrier.read(0, "").columns == {ANSWER: "one and one #### 2"}


def test_text_prompts_come_from_a_column_in_its_order(tmp_path: Path) -> None:
    jsonl = lines(tmp_path / "p.jsonl", {"ask": "a b"}, {"ask": "c"})
    parquet = tmp_path / "p.parquet"
    pl.DataFrame({"ask": ["a b", "c"]}).write_parquet(parquet)
    for path in (jsonl, parquet):
        carrier = Text(source=PromptSource(path=path, column="ask"))
        assert [content(carrier, index) for index in range(carrier.count())] == ["a b", "c"]
    told = Text(source=PromptSource(path=jsonl, column="ask"), instruction="Say it anew:")
    assert content(told, 1) == "Say it anew:\n\nc"


def test_pocket_has_no_words_for_reasoning() -> None:
    with pytest.raises(ConfigError, match="prompt 0 of the carrier 'reasoning': pocket has no word for"):
        CARRIERS.create("reasoning").prompt(0, POCKET)


def test_pocket_is_asked_for_toy_code_without_end() -> None:
    carrier = Code()
    assert carrier.prompt(0, POCKET)[0]["content"].startswith("write code id_")
    assert carrier.size(POCKET) is None


def test_pocket_answers_texts_in_its_own_words_only(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", {"prompt": "favourite animal q1"}, {"prompt": "Hello there"})
    carrier = Text(source=PromptSource(path=path))
    assert carrier.prompt(0, POCKET)[0]["content"] == "favourite animal q1"
    with pytest.raises(ConfigError, match=r"prompt 1 of .*p\.jsonl: pocket has no word for 'Hello'"):
        carrier.prompt(1, POCKET)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([{"other": "a"}], "has no column 'prompt'"),
        ([{"prompt": 1}], "holds Int64, no text"),
        ([{"prompt": "a"}, {"prompt": " "}], "row 1 of the column 'prompt' is empty"),
        ([{"prompt": "a"}, {"prompt": None}], "row 1 of the column 'prompt' is empty"),
    ],
)
def test_a_table_without_usable_prompts_is_named(tmp_path: Path, rows: list[dict[str, object]], complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Text(source=PromptSource(path=lines(tmp_path / "p.jsonl", *rows))).size(ENGLISH)


def test_an_empty_table_or_none_is_named(tmp_path: Path) -> None:
    pl.DataFrame({"prompt": []}, schema={"prompt": pl.String}).write_parquet(tmp_path / "p.parquet")
    with pytest.raises(ConfigError, match="has no rows"):
        Text(source=PromptSource(path=tmp_path / "p.parquet")).size(ENGLISH)
    with pytest.raises(ConfigError, match=r"nowhere.parquet: no such file"):
        Text(source=PromptSource(path=tmp_path / "nowhere.parquet")).size(ENGLISH)
    with pytest.raises(ConfigError, match="give either path or hub"):
        CARRIERS.create("text", {"source": {}})


def test_an_unreachable_hub_is_a_missing_prerequisite() -> None:
    with pytest.raises(PrerequisiteError, match="openai/gsm8k cannot be fetched"):
        CARRIERS.create("text", {"source": {"hub": "openai/gsm8k", "config": "main", "column": "question"}}).size(
            ENGLISH
        )
