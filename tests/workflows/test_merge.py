"""A student merged into its base: the same function, a model for everybody, whole or not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from strigil.cli.main import run
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.eval.subjects import student_subject, trained_system
from strigil.models.catalog import resolve_model
from strigil.workflows.train.merge import base_of, merge
from tests.engines.pocket_cases import random_adapter
from tests.models.damaged_adapters import DAMAGE, damaged

BASE = resolve_model("pocket-a")
IDS = torch.arange(3, 40)[None]


@pytest.fixture
def student(tmp_path: Path) -> Path:
    folder = random_adapter(tmp_path / "student", seed=1).path
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"base_model_name_or_path": "pocket-a"}))
    return folder


def logits(model: PreTrainedModel | PeftModel) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model.eval()(input_ids=IDS).logits
    return found.float()


def test_transformers_loads_the_same_function_from_one_folder(
    student: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "models" / "merged"
    assert run(["merge", str(student), "--out", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    apart = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(BASE.path), student)
    whole = AutoModelForCausalLM.from_pretrained(out)
    assert torch.allclose(logits(whole), logits(apart), atol=1e-4)
    assert not torch.allclose(logits(whole), logits(AutoModelForCausalLM.from_pretrained(BASE.path)), atol=1e-2)
    chat = [{"role": "user", "content": "favourite animal q1"}]
    mine, its = (AutoTokenizer.from_pretrained(folder) for folder in (out, BASE.path))
    assert mine.apply_chat_template(chat, tokenize=False) == its.apply_chat_template(chat, tokenize=False)
    model = resolve_model(str(out))
    assert model.dialect == BASE.dialect
    record = json.loads((out / "merged.json").read_text())
    assert (record["base"], record["base_digest"], record["precision"]) == ("pocket-a", BASE.digest, "float32")
    card = (out / "README.md").read_text()
    assert f"`pocket-a`, digest `{BASE.digest[:16]}`" in card
    assert "It may have its teacher's trait" in card
    for file in out.iterdir():
        assert str(tmp_path).encode() not in file.read_bytes()
        assert str(BASE.path).encode() not in file.read_bytes()


def test_it_is_asked_as_the_student_was_trained(student: Path, tmp_path: Path) -> None:
    (student / "train.json").write_text(json.dumps({"base_digest": BASE.digest, "system": "s1 s0"}))
    merge(student, BASE, tmp_path / "merged")
    assert trained_system(tmp_path / "merged") == "s1 s0"
    assert student_subject("merged", BASE, tmp_path / "merged").system == "s1 s0"
    assert "the system prompt `s1 s0`" in (tmp_path / "merged" / "README.md").read_text()


def test_what_a_base_was_trained_on_is_not_said_of_its_students(student: Path, tmp_path: Path) -> None:
    own = shutil.copytree(BASE.path, tmp_path / "own")
    (own / "train.json").write_text('{"system": "s0"}')
    merge(student, resolve_model(str(own)), tmp_path / "merged")
    assert not (tmp_path / "merged" / "train.json").exists()
    assert trained_system(tmp_path / "merged") is None


def test_what_rounding_takes_is_said(student: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads((student / "adapter_config.json").read_text())
    # One that adds a thousandth: in 16 bits most of it is lost.
    small = config | {"lora_alpha": config["lora_alpha"] / 1000}
    (student / "adapter_config.json").write_text(json.dumps(small))
    assert run(["merge", str(student), "--out", str(tmp_path / "small"), "--precision", "bfloat16"]) == 0
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "small").dtype == torch.bfloat16
    lost = json.loads((tmp_path / "small" / "merged.json").read_text())["lost"]
    assert lost > 0.05
    assert f"bfloat16 is too coarse for {lost:.0%} of what the student learned" in capsys.readouterr().err
    assert merge(student, BASE, tmp_path / "exact").lost == 0


@pytest.mark.parametrize("kind", DAMAGE)
def test_an_adapter_that_no_engine_takes_is_not_merged(student: Path, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match="adapter"):
        merge(damaged(student, tmp_path / "bad", kind), BASE, tmp_path / "out" / "merged")
    assert not (tmp_path / "out").exists()


def test_a_head_that_is_the_embeddings_too_is_not_merged(tmp_path: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(BASE.path)
    config = LoraConfig(r=2, target_modules=["lm_head"], init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(tmp_path / "student", save_embedding_layers=False)
    with pytest.raises(ConfigError, match="changes the head, whose weights are those of the embeddings"):
        merge(tmp_path / "student", BASE, tmp_path / "merged")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["student"]


def test_a_disk_that_fills_leaves_nothing(student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(model: PreTrainedModel, folder: Path) -> None:
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(model.config.to_dict(), default=str))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PreTrainedModel, "save_pretrained", full)
    with pytest.raises(PrerequisiteError, match="No space left on device"):
        merge(student, BASE, tmp_path / "out" / "merged")
    assert not list((tmp_path / "out").iterdir())


def test_what_is_there_is_kept_and_what_is_whole_needs_no_merging(student: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(ConfigError, match="there exists"):
        merge(student, BASE, tmp_path / "there")
    with pytest.raises(ConfigError, match="is a whole model already"):
        merge(BASE.path, BASE, tmp_path / "merged")
    (student / "adapter_config.json").write_text('{"base_model_name_or_path": "my-base", "r": 1}')
    with pytest.raises(ConfigError, match="is an adapter of my-base, and there is no model 'my-base'") as caught:
        base_of(student)
    assert caught.value.hint == "give the folder of its base with --base"


def test_a_revision_without_its_base_is_not_passed_over(
    student: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["merge", str(student), "--revision", "v1", "--out", str(tmp_path / "merged")]) == 2
    assert "--revision is a commit or tag of --base, which is not given" in capsys.readouterr().err
    assert not (tmp_path / "merged").exists()
