"""`strigil eval inspect`: real tasks of Inspect, asked of pocket and its adapters through one engine."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from inspect_ai.log import list_eval_logs, read_eval_log

from strigil.cli.main import run
from tests.engines.pocket_cases import random_adapter

TASKS = """
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import exact, includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import bash

WORDS = ["owl", "cat", "dog", "lion", "eagle", "wolf", "fox", "bear", "dolphin", "panda"]


def asked(count):
    return [Sample(f"favourite animal q{number} q{number + 1}", target=WORDS) for number in range(1, count + 1)]


@task
def favourites(temperature=0.0):
    config = GenerateConfig(temperature=temperature, max_tokens=2)
    return Task(asked(8), solver=generate(), scorer=[includes(), exact()], config=config, epochs=2)


@task
def handy():
    return Task(asked(1), solver=[use_tools(bash()), generate()], scorer=includes())


@task
def too_long():
    samples = [Sample("owl " * 500, target="owl"), *asked(2)]
    return Task(samples, solver=generate(), scorer=includes(), config=GenerateConfig(max_tokens=2))
"""


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(TASKS)
    return file


def test_a_task_scores_the_base_and_each_adapter_and_asks_no_finished_one_again(
    capsys: pytest.CaptureFixture[str], tasks: Path, tmp_path: Path
) -> None:
    student = random_adapter(tmp_path / "student", seed=1).path
    out = tmp_path / "out"
    command = ["--task", f"{tasks}@favourites:temperature=1.0", "--limit", "6", "--out", str(out), "--format", "json"]
    assert run(["eval", "inspect", "pocket-a", *command]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["base"]
    assert run(["eval", "inspect", "pocket-a", str(student), *command]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["base", "student"]
    # Pocket answers with an animal and little else.
    accuracy = {name: one["metrics"]["includes/accuracy"] for name, one in found.items()}
    assert accuracy["base"] > 0.8
    assert "exact/stderr" in found["base"]["metrics"]
    table = pl.read_parquet(out / "answers.parquet")
    assert table.group_by("model", "scorer", maintain_order=True).len()["len"].to_list() == [12] * 4
    base = table.filter(model="base", scorer="includes")
    # An adapter's weights are asked, and not the base's again.
    assert base["answer"].to_list() != table.filter(model="student", scorer="includes")["answer"].to_list()
    assert base["score"].mean() == pytest.approx(accuracy["base"])
    # Two epochs of a question at temperature 1 are two draws.
    assert base.group_by("id").agg(pl.col("answer").n_unique())["answer"].max() == 2
    logs = [read_eval_log(listed, header_only=True) for listed in list_eval_logs(str(out / "logs"))]
    assert sorted(log.eval.model for log in logs) == ["strigil/pocket-a/base", "strigil/pocket-a/student"]
    assert json.loads((out / "summary.json").read_text())["models"] == found


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ("mine.py", "mine.py has the tasks favourites, handy, too_long hint: name one of them: mine.py@TASK"),
        ("mine.py@gone", "mine.py has the tasks favourites, handy, too_long"),
        ("none.py", "there is no file none.py of Inspect tasks"),
        ("nobody/nothing", "the task nobody/nothing cannot be run:"),
        ("mine.py@favourites:warmth=1", "the task mine.py@favourites cannot be run: it has no argument warmth"),
        ("mine.py@too_long", "tokens; the engine's context holds"),
        ("mine.py@handy", "the task asks its model for tools, which strigil's engines do not give"),
    ],
)
def test_a_task_that_cannot_be_run_is_one_line(
    capsys: pytest.CaptureFixture[str], tasks: Path, monkeypatch: pytest.MonkeyPatch, task: str, words: str
) -> None:
    monkeypatch.chdir(tasks.parent)
    assert run(["eval", "inspect", "pocket-a", "--task", task]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert words in " ".join(streams.err.split())
