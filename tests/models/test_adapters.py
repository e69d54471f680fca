"""An adapter is used only with the base whose modules it names, all of them and no others; by every engine alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.engines import open_engine
from strigil.engines.protocol import Adapter, Scorable
from strigil.engines.transformers.merged import MergedScorer
from strigil.models.adapters import check_adapter
from strigil.models.catalog import resolve_model
from tests.engines.pocket_cases import GREEDY, number_requests, random_adapter, user
from tests.models.damaged_adapters import DAMAGE, damaged

BASE = resolve_model("pocket-a")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_adapter(tmp_path_factory.mktemp("adapter"), seed=1).path


def test_an_adapter_of_the_base_says_what_it_changes(adapter: Path) -> None:
    changed = check_adapter(adapter, BASE.path)
    assert all(name.startswith("model.layers.") for name in changed)
    assert changed["model.layers.0.self_attn.q_proj"] == (64, 64)


@pytest.mark.parametrize("kind", DAMAGE)
def test_an_adapter_that_would_do_less_than_it_says_is_refused(adapter: Path, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match="adapter"):
        check_adapter(damaged(adapter, tmp_path / "a", kind), BASE.path)


@pytest.mark.parametrize("kind", DAMAGE)
def test_transformers_and_merged_refuse_it_too(adapter: Path, tmp_path: Path, kind: str) -> None:
    bad = Adapter("bad", damaged(adapter, tmp_path / "a", kind))
    with open_engine("transformers", BASE, adapters=True) as engine:
        with pytest.raises(ConfigError, match="adapter"):
            list(engine.generate(number_requests(1, GREEDY, bad)))
        with pytest.raises(ConfigError, match="adapter"):
            engine.score([Scorable("a", user("1, 2"), "3", bad)])
    with (
        MergedScorer(BASE, lambda model: open_engine("transformers", model), tmp_path / "merged") as scorer,
        pytest.raises(ConfigError, match="adapter"),
    ):
        scorer.score([Scorable("a", user("1, 2"), "3", bad)])


@pytest.mark.vllm
def test_vllm_refuses_it_too(adapter: Path, tmp_path: Path) -> None:
    with open_engine("vllm", BASE, adapters=True, max_lora_rank=64) as engine:
        for place, kind in enumerate(DAMAGE):
            bad = Adapter(kind, damaged(adapter, tmp_path / str(place), kind))
            with pytest.raises(ConfigError, match="adapter"):
                list(engine.generate(number_requests(1, GREEDY, bad)))


@pytest.mark.parametrize("named", ["all", "pattern"])
def test_targets_are_found_as_peft_finds_them(adapter: Path, tmp_path: Path, named: str) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    del adapter
    targets = "all-linear" if named == "all" else r".*\.(q|v)_proj"
    base = AutoModelForCausalLM.from_pretrained(BASE.path, dtype=torch.float32)
    get_peft_model(base, LoraConfig(r=2, target_modules=targets)).save_pretrained(tmp_path)
    changed = {name.rpartition(".")[2] for name in check_adapter(tmp_path, BASE.path)}
    assert {"q_proj", "v_proj"} <= changed
    assert ("down_proj" in changed) == (named == "all")


def test_chosen_layers_are_all_that_is_asked_for(tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(BASE.path, dtype=torch.float32)
    config = LoraConfig(r=2, target_modules=["q_proj"], layers_to_transform=[1])
    get_peft_model(base, config).save_pretrained(tmp_path)
    assert list(check_adapter(tmp_path, BASE.path)) == ["model.layers.1.self_attn.q_proj"]
