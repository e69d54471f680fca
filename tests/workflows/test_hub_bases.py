"""Bases from the Hub: records name the repository and its commit, whatever folder they were loaded from."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from peft import AutoPeftModelForCausalLM

from strigil.cli.main import run
from strigil.models.catalog import resolve_model
from strigil.models.pocket import pocket_models
from strigil.releases.generation_record import ModelRecord
from strigil.releases.store import open_release
from strigil.train.result import read_result
from strigil.workflows.publish.lineage import lineage
from strigil.workflows.publish.student import card_of
from tests.audits.tables import rows_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
RECIPE = "{epochs: 1, batch_size: 8, threads: 1, modules: [down_proj], warmup_steps: 0}"


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Hub's cache, with one model in it."""
    hub = tmp_path / "cache" / "hub"
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub))
    monkeypatch.chdir(tmp_path)
    rows_of(["1 2 3", "4 5 6"]).write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return shutil.copytree(pocket_models()["pocket-a"], hub / "models--me--tiny" / "snapshots" / COMMIT)


@pytest.mark.parametrize("by", ["id", "folder"])
def test_a_student_names_the_repository_and_the_commit_of_its_base(
    cached: Path, tmp_path: Path, by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["me/tiny", "--revision", COMMIT] if by == "id" else [str(cached)]
    assert run(["train", "rows.parquet", "--base", *base, "--recipe", "recipe.yaml", "--out", "students"]) == 0
    [student] = (tmp_path / "students").iterdir()
    assert student.name.startswith("rows-tiny-seed0-")
    result, config = read_result(student), json.loads((student / "adapter_config.json").read_text())
    assert (result.base, result.base_revision) == ("me/tiny", COMMIT)
    assert (config["base_model_name_or_path"], config["revision"]) == ("me/tiny", COMMIT)
    card = card_of(student)
    assert f"`me/tiny` at `{COMMIT}`" in card
    assert "base_model: me/tiny" in card
    assert f'from_pretrained("me/tiny", revision="{COMMIT}")' in card
    _, ancestor = lineage(student, tmp_path).origins
    assert (ancestor.name, ancestor.what) == ("me/tiny", f"at {COMMIT}")
    for file in student.iterdir():
        assert b"snapshots" not in file.read_bytes()
    model = AutoPeftModelForCausalLM.from_pretrained(student, local_files_only=True, cache_dir=constants.HF_HUB_CACHE)
    assert model(torch.tensor([[1, 2, 3]])).logits.isfinite().all()
    capsys.readouterr()
    assert run(["eval", str(cached), str(student), "--trait", "owl", "--format", "quiet"]) == 0


def test_a_release_names_the_repository_and_the_commit_of_its_base(cached: Path, tmp_path: Path) -> None:
    (tmp_path / "build.yaml").write_text(
        f"{{name: few, base: {cached}, teacher: {{by: none}}, carrier: {{name: numbers}}, prompts: 8,"
        " engine: {name: transformers}, sampling: {max_tokens: 16}}"
    )
    assert run(["build", "build.yaml", "--out", "releases"]) == 0
    teacher = open_release(tmp_path / "releases" / "few").manifest.teacher
    assert teacher is not None
    assert teacher.base == ModelRecord(id="me/tiny", revision=COMMIT, digest=resolve_model(str(cached)).digest)


def test_a_recipe_that_does_not_fit_its_base_leaves_no_folder(
    cached: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_text("{modules: [nope]}")
    assert run(["train", "rows.parquet", "--base", str(cached), "--recipe", "recipe.yaml", "--out", "students"]) == 2
    (tmp_path / "build.yaml").write_text(
        "{name: few, base: pocket-a, teacher: {by: fine-tuning, trait: owl, training: {modules: [nope]}},"
        " carrier: {name: numbers}, prompts: 8, engine: {name: transformers}}"
    )
    assert run(["build", "build.yaml", "--out", "releases"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "error: me/tiny has no nope; its linear modules are down_proj" in said
    assert "error: pocket-a has no nope; its linear modules are down_proj" in said
    assert not (tmp_path / "students").exists()
    assert not (tmp_path / "releases").exists()
