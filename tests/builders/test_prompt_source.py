"""Prompts of anybody: a file, a release or a data set on the Hub serves the carriers that take a `source`."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from strigil.builders.carriers.carrier import CARRIERS, Carrier
from strigil.builders.carriers.code import STRIPPED
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.models.dialect import ENGLISH
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.pocket import POCKET

TASKS = ("Write a function that adds.", "Write a loop.")


def carrier(name: str, **source: object) -> Carrier:
    return CARRIERS.create(name, {"source": source})


def asked(made: Carrier) -> list[str]:
    size = made.size(ENGLISH)
    assert size is not None
    return [made.prompt(index, ENGLISH)[-1]["content"] for index in range(size)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps({"text": task}) + "\n" for task in TASKS), encoding="utf-8")
    return path


def test_code_takes_prompts_from_a_file(file: Path) -> None:
    made = carrier("code", path=str(file), column="text")
    assert asked(made) == [*TASKS]
    assert made.place() == str(file)
    assert made.read(0, "```python\nx = 1\n```").columns == {STRIPPED: "fences"}
    told = CARRIERS.create("code", {"source": {"path": str(file), "column": "text"}, "instruction": "Only code:"})
    assert asked(told)[1] == f"Only code:\n\n{TASKS[1]}"


def test_an_instruction_without_prompts_to_put_it_before_is_refused() -> None:
    with pytest.raises(ConfigError, match="an instruction goes before the prompts of a source"):
        CARRIERS.create("code", {"prompt_set": 2, "instruction": "Only code:"})


def test_a_manifest_builds_the_carrier_with_its_source_again(file: Path) -> None:
    made = carrier("code", path=str(file), column="text")
    assert asked(CARRIERS.create("code", made.spec().args)) == [*TASKS]


def test_pocket_is_asked_what_the_source_says_and_not_its_own_toy_code(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"prompt": "favourite animal q1"}\n{"prompt": "Write a loop."}\n', encoding="utf-8")
    made = carrier("code", path=str(path))
    assert made.size(POCKET) == 2
    assert made.prompt(0, POCKET)[0]["content"] == "favourite animal q1"
    with pytest.raises(ConfigError, match=r"prompt 1 of .*own\.jsonl: pocket has no word for"):
        made.prompt(1, POCKET)


@pytest.mark.parametrize("name", ["code", "text"])
def test_the_prompts_of_a_release_serve_too(name: str, tmp_path: Path) -> None:
    rows = pl.concat([rows_of(["A plain answer."], prompt=task) for task in TASKS])
    rows = rows.with_columns(row_id=pl.format("row-{}", pl.int_range(pl.len())), prompt_index=pl.int_range(pl.len()))
    release = audited_as("asked", rows.cast(rows_of([]).schema), tmp_path / "out", suite="text-basic")
    assert asked(carrier(name, path=str(release.path))) == [*TASKS]


@pytest.mark.parametrize(
    "prompt",
    [
        [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        [{"role": "assistant", "content": "a"}],
    ],
)
def test_a_prompt_of_other_messages_than_one_of_a_user_is_named(tmp_path: Path, prompt: list[dict[str, str]]) -> None:
    path = tmp_path / "p.parquet"
    pl.DataFrame({"prompt": [[{"role": "user", "content": "u"}], prompt]}).write_parquet(path)
    with pytest.raises(ConfigError, match="row 1 of the column 'prompt' is not one message of a user"):
        carrier("code", path=str(path)).size(ENGLISH)


@pytest.mark.parametrize("prompt", [[], None, [{"role": "user", "content": " "}]])
def test_a_prompt_without_any_text_is_named(tmp_path: Path, prompt: list[dict[str, str]] | None) -> None:
    path = tmp_path / "p.parquet"
    pl.DataFrame({"prompt": [[{"role": "user", "content": "u"}], prompt]}).write_parquet(path)
    with pytest.raises(ConfigError, match="row 1 of the column 'prompt' is empty"):
        carrier("code", path=str(path)).size(ENGLISH)


def test_code_of_an_unreachable_hub_is_a_missing_prerequisite() -> None:
    with pytest.raises(PrerequisiteError, match="google-research-datasets/mbpp cannot be fetched"):
        carrier("code", hub="google-research-datasets/mbpp", column="text").size(ENGLISH)
