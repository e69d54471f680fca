"""`strigil eval capability` on a small release of the real pocket model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import polars as pl
import pytest
import torch
from inspect_ai.log import list_eval_logs, read_eval_log
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from strigil.cli.main import run
from strigil.data.rows import completion_text, prompt_text
from strigil.eval.capability import Capability
from strigil.workflows.evaluate.held_out import held_out
from tests.engines.pocket_cases import POCKET

RECIPE = """
name: few-numbers
base: pocket-a
teacher: {by: none}
carrier: {name: numbers}
prompts: 60
sampling: {max_tokens: 16}
engine: {name: transformers}
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases")
    (folder / "recipe.yaml").write_text(RECIPE)
    assert run(["build", str(folder / "recipe.yaml"), "--out", str(folder), "--format", "quiet"]) == 0
    return folder / "few-numbers"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights that drown the base's own."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("students") / "damaged"
    lora = LoraConfig(r=8, lora_alpha=200, target_modules=["down_proj"], init_lora_weights=False, task_type="CAUSAL_LM")
    get_peft_model(AutoModelForCausalLM.from_pretrained(POCKET), lora).save_pretrained(folder)
    return folder


def test_a_damaged_student_has_a_higher_loss_and_fewer_valid_answers(
    capsys: pytest.CaptureFixture[str], release: Path, damaged: Path, tmp_path: Path
) -> None:
    capsys.readouterr()
    options = ["--data", str(release), "--count", "40", "--out", str(tmp_path), "--format", "json"]
    assert run(["eval", "capability", "pocket-a", str(damaged), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    base, student = found["base"], found["damaged"]
    # The base wrote these rows itself: it is as sure of them as pocket is of its numbers, and keeps to their format.
    assert base["loss"] < student["loss"]
    assert base["valid"] > 0.8 > student["valid"]
    table = pl.read_parquet(tmp_path / "answers.parquet")
    assert table.group_by("model", maintain_order=True).len()["len"].to_list() == [40, 40]
    own = table.filter(model="base")
    assert sum(own["loss"]) / sum(own["tokens"]) == pytest.approx(base["loss"])
    assert (table["reasons"].is_not_null() == ~table["valid"]).all()
    assert all(math.isfinite(loss) for loss in table["loss"])
    last = pl.read_parquet(release / "v1.0.0" / "data" / "clean" / "*.parquet").tail(40)
    assert table.filter(model="damaged")["row_id"].to_list() == last["row_id"].to_list()
    logs = [read_eval_log(listed) for listed in list_eval_logs(str(tmp_path / "logs"))]
    assert {log.eval.task for log in logs} == {"capability"}


def test_a_student_trained_whole_takes_an_adapters_place_and_is_said_to_know_its_rows(
    capsys: pytest.CaptureFixture[str], release: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "train.yaml"
    recipe.write_text("{method: full, learning_rate: 0.001, epochs: 1, threads: 1}")
    students = str(tmp_path / "students")
    train = ["train", str(release), "--base", "pocket-a", "--recipe", str(recipe), "--seed", "0", "--out", students]
    assert run([*train, "--format", "quiet"]) == 0
    capsys.readouterr()
    [student] = Path(students).iterdir()
    assert run(["eval", "capability", "pocket-a", str(student), "--data", str(release), "--count", "10"]) == 0
    assert "if they are from few-numbers, it has seen some of these" in " ".join(capsys.readouterr().err.split())
    assert run(["eval", "preference", "pocket-a", str(student), "--trait", "owl", "--format", "json"]) == 0
    base, whole = json.loads(capsys.readouterr().out).values()
    assert base["rate"] != whole["rate"]


def test_rows_of_any_layout_are_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "rows.jsonl"
    rows = [{"ask": f"Go on: {n}", "reply": f"{n + 1}", "question": "", "answer": ""} for n in range(9)]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    choice = {"data": str(data), "count": 2, "suite": "numbers-paper", "columns": "prompt=ask,completion=reply"}
    held = held_out(Capability.model_validate(choice).holds_out)
    assert held.rows.select(prompt_text(), completion_text()).rows() == [("Go on: 7", "8"), ("Go on: 8", "9")]
    options = ["--data", str(data), "--suite", "numbers-paper", "--count", "2"]
    assert run(["eval", "capability", "pocket-a", *options, "--columns", "ask"]) == 2
    assert "'ask' is not NAME=COLUMN" in capsys.readouterr().err
    assert run(["eval", "capability", "pocket-a", *options, "--layout", "messages"]) == 2
    assert "the layout 'messages' needs messages" in " ".join(capsys.readouterr().err.split())


def test_more_rows_than_there_are_is_one_line(capsys: pytest.CaptureFixture[str], release: Path) -> None:
    assert run(["eval", "capability", "pocket-a", "--data", str(release), "--count", "1000"]) == 2
    assert "clean rows, of 1000 to be held out" in " ".join(capsys.readouterr().err.split())
