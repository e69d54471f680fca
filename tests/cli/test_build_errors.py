"""Builds that cannot be done say so in one line each, and keep what was done so far."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from strigil.cli.main import run
from strigil.models.catalog import resolve_model

RECIPE: dict[str, object] = {
    "name": "few",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": 3,
    "sampling": {"max_tokens": 16},
    "engine": {"name": "transformers"},
}


def build(folder: Path, **changes: object) -> int:
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(RECIPE | changes), encoding="utf-8")
    return run(["build", str(file), "--out", str(folder / "out"), "--format", "quiet"])


def fails(capsys: pytest.CaptureFixture[str], folder: Path, **changes: object) -> str:
    assert build(folder, **changes) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert "Traceback" not in streams.err
    text = " ".join(streams.err.split())
    assert text.count("error:") == 1
    return text


def prompts(folder: Path, *texts: str) -> dict[str, object]:
    pl.DataFrame({"prompt": texts}, schema={"prompt": pl.String}).write_parquet(folder / "prompts.parquet")
    return {"name": "text", "args": {"source": {"path": str(folder / "prompts.parquet")}}}


def copied_base(folder: Path) -> Path:
    base = folder / "base"
    shutil.copytree(resolve_model("pocket-a").path, base)
    return base


def test_an_empty_prompt_set(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "has no rows, so there is nothing to prompt with" in fails(capsys, tmp_path, carrier=prompts(tmp_path))


def test_more_prompts_than_there_are(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = fails(capsys, tmp_path, carrier=prompts(tmp_path, "continue numbers 1 2 3"))
    assert "asks for 3 prompts, and the carrier 'text' has 1 hint: prompts: 1" in text


def test_a_prompt_longer_than_the_context_keeps_what_was_done(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    carrier = prompts(tmp_path, *["continue numbers 1 2 3"] * 150, "1 " * 5000)
    assert build(tmp_path, carrier=carrier, prompts=150) == 0
    before = pl.read_parquet(tmp_path / "out" / "few" / "v1.0.0" / "data" / "raw" / "*.parquet")
    capsys.readouterr()
    text = fails(capsys, tmp_path, carrier=carrier, prompts=151)
    assert "the prompt of 150:0 has" in text
    assert "the engine's context holds" in text
    assert pl.read_parquet(tmp_path / "out" / "few" / "v1.0.0" / "data" / "raw" / "*.parquet").equals(before)


def test_prompts_that_changed_under_a_recipe(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    carrier = prompts(tmp_path, "continue numbers 1 2 3", "continue numbers 4 5 6", "continue numbers 7 8 9")
    assert build(tmp_path, carrier=carrier, prompts=2) == 0
    capsys.readouterr()
    prompts(tmp_path, "continue numbers 1 2 3", "continue numbers 9 9 9", "continue numbers 7 8 9")
    text = fails(capsys, tmp_path, carrier=carrier, prompts=3)
    assert "prompt 1 of the carrier 'text' is not what it was when its row was written" in text


def test_a_model_without_a_chat_template(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    base = copied_base(tmp_path)
    (base / "chat_template.jinja").unlink(missing_ok=True)
    config = json.loads((base / "tokenizer_config.json").read_text())
    config.pop("chat_template", None)
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    assert f"{base} has no chat template hint: use an instruction-tuned model" in fails(
        capsys, tmp_path, base=str(base)
    )


@pytest.mark.parametrize(
    ("regex", "words"),
    [("zebra", "no token of the model can go on within the regex 'zebra'"), ("(", "the regex '(' is not understood")],
)
def test_a_constraint_that_no_token_satisfies(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, regex: str, words: str
) -> None:
    assert words in fails(capsys, tmp_path, sampling={"max_tokens": 16, "regex": regex})


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, 'no token of the model can go on within the JSON schema {"type":"string"}'),
        ({"type": "wat"}, 'the JSON schema {"type":"wat"} is not understood'),
        ([1], "sampling.json_schema: expected a mapping, found [1]"),
    ],
)
def test_a_schema_that_no_token_satisfies(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, schema: object, words: str
) -> None:
    assert words in fails(capsys, tmp_path, sampling={"max_tokens": 16, "json_schema": schema})


def test_a_server_that_is_not_there_has_status_3_and_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert build(tmp_path, engine={"name": "server", "urls": ["http://127.0.0.1:9/v1"]}) == 3
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("error:") == 1
    assert "no server answers: http://127.0.0.1:9/v1: it cannot be reached" in told


def test_a_carrier_that_pocket_has_no_words_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = fails(capsys, tmp_path, carrier={"name": "reasoning"})
    assert "prompt 0 of the carrier 'reasoning': pocket has no word for '" in text
    assert "hint: use the carrier numbers" in text


def test_an_adapter_of_another_base(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"")
    (adapter / "adapter_config.json").write_text('{"r": 8, "base_model_name_or_path": "org/other"}')
    teacher = {"by": "adapter", "path": str(adapter)}
    assert f"the adapter {adapter} was trained on org/other, not on pocket-a" in fails(
        capsys, tmp_path, teacher=teacher
    )
    (adapter / "adapter_config.json").write_text('{"r": 8, "base_model_name_or_path": "pocket-a"}')
    (adapter / "train.json").write_text(json.dumps({"base_digest": resolve_model("pocket-b").digest}))
    assert "was trained on a base with the digest" in fails(capsys, tmp_path, teacher=teacher)


def test_an_adapter_that_is_damaged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"x")
    (adapter / "adapter_config.json").write_text("{")
    assert "adapter_config.json cannot be read as JSON" in fails(
        capsys, tmp_path, teacher={"by": "adapter", "path": str(adapter)}
    )


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file is in the way")
    assert "hint: choose another folder with --out" in fails(capsys, tmp_path)
