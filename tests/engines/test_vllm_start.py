"""Starting and closing vLLM: what it leaves behind, and what it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from strigil.common.errors import ConfigError
from strigil.engines import open_engine
from strigil.models.catalog import resolve_model
from tests.engines.pocket_cases import GREEDY, POCKET, by_key, number_requests, random_adapter

pytestmark = pytest.mark.vllm


def children() -> set[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    return {child for task in tasks for child in (task / "children").read_text().split()}


def test_an_engine_is_quiet_stays_in_this_process_and_leaves_torch_as_it_was(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before, set_num_threads = children(), torch.set_num_threads
    with open_engine("vllm", resolve_model("pocket-b"), threads=1) as engine:
        assert engine.name == "vllm"
        assert {"vllm", "torch", "transformers"} <= set(engine.versions())
        assert len(by_key(engine, number_requests(5, GREEDY))) == 5
        with pytest.raises(ConfigError, match="without room for adapters"):
            list(engine.generate(number_requests(1, GREEDY, random_adapter(tmp_path, seed=1))))
        assert children() == before
    assert capfd.readouterr().out == ""
    assert torch.set_num_threads is set_num_threads
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_a_model_that_vllm_cannot_run_is_refused_in_one_line_and_another_one_runs(tmp_path: Path) -> None:
    config = AutoConfig.from_pretrained(POCKET)
    config.num_attention_heads = config.num_key_value_heads = 4
    config.head_dim = 16
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(POCKET).save_pretrained(tmp_path)
    with pytest.raises(ConfigError, match="vLLM cannot serve") as refused:
        open_engine("vllm", resolve_model(str(tmp_path)))
    assert "\n" not in refused.value.message
    assert "head_dim=16" in refused.value.message
    with open_engine("vllm", resolve_model("pocket-a")) as engine:
        assert len(by_key(engine, number_requests(5, GREEDY))) == 5
