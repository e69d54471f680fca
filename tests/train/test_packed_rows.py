"""Rows packed one after another have the loss and the gradients of rows that are padded, or the model pads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from strigil.common.errors import ConfigError
from strigil.models.catalog import resolve_model
from strigil.train.gradients import AutogradLearner
from strigil.train.inputs.batches import MicroBatch
from strigil.train.inputs.encode import EncodedRows
from strigil.train.lora import attach_lora
from strigil.train.packed_rows import take_packed
from strigil.train.recipe import TrainRecipe
from strigil.train.setup import compute_layers_twice
from strigil.train.sft import fine_tune
from tests.train.rows import number_rows
from tests.train.test_fast_llama import SMALL, rows

PACKED: dict[str, tuple[Callable[[], PreTrainedModel], tuple[str, ...]]] = {
    "llama": (lambda: LlamaForCausalLM(LlamaConfig(**SMALL)), ("q_proj", "v_proj", "down_proj")),
    "qwen2": (lambda: Qwen2ForCausalLM(Qwen2Config(**SMALL)), ("k_proj", "o_proj", "up_proj")),
    "gemma3-sliding": (
        lambda: Gemma3ForCausalLM(Gemma3TextConfig(**SMALL, head_dim=16, sliding_window=5, pad_token_id=0)),
        ("q_proj", "v_proj", "down_proj"),
    ),
    "phi3": (lambda: Phi3ForCausalLM(Phi3Config(**SMALL, pad_token_id=0)), ("qkv_proj", "down_proj")),
    "gpt2": (
        lambda: GPT2LMHeadModel(GPT2Config(vocab_size=64, n_embd=32, n_layer=2, n_head=2, n_positions=64)),
        ("c_attn", "c_proj"),
    ),
    "olmo2": (lambda: Olmo2ForCausalLM(Olmo2Config(**SMALL)), ("q_proj", "v_proj", "down_proj")),
}
PADDED: dict[str, tuple[Callable[[], PreTrainedModel], tuple[str, ...]]] = {
    "capped": (lambda: Gemma2ForCausalLM(Gemma2Config(**SMALL, head_dim=16)), ("q_proj",)),
    "positions-in-attention": (
        lambda: BloomForCausalLM(BloomConfig(vocab_size=64, hidden_size=32, n_layer=2, n_head=2)),
        ("query_key_value",),
    ),
    "recurrent": (
        lambda: MambaForCausalLM(MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2)),
        ("x_proj",),
    ),
}


def gradients(learner: AutogradLearner, data: EncodedRows) -> tuple[float, list[torch.Tensor]]:
    chosen = np.array([2, 0, 3, 1])
    for weight in learner.weights:
        weight.grad = None
    loss = learner.backward(data, MicroBatch(chosen, int(data.lengths[chosen].max())), scale=0.1)
    return loss, [weight.grad for weight in learner.weights if weight.grad is not None]


@pytest.mark.parametrize("name", PACKED)
def test_loss_and_gradients_are_those_of_padded_rows(name: str) -> None:
    torch.manual_seed(0)
    build, modules = PACKED[name]
    model = attach_lora(build().eval(), TrainRecipe(modules=modules, rank=4, alpha=6))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    data = rows(0, shared=3)
    padded = gradients(AutogradLearner(model), data)
    assert take_packed(model, model.get_base_model(), most_tokens=64)
    packed = gradients(AutogradLearner(model, packed=True), data)
    assert packed[0] == pytest.approx(padded[0], rel=1e-5)
    assert len(packed[1]) == len(padded[1]) > 0
    for mine, peer in zip(packed[1], padded[1], strict=True):
        assert (mine - peer).abs().max() <= 1e-5 * max(1.0, float(peer.abs().max()))


@pytest.mark.parametrize("name", PACKED)
def test_layers_that_are_computed_twice_give_the_same(name: str) -> None:
    torch.manual_seed(0)
    build, modules = PACKED[name]
    model = attach_lora(build().eval(), TrainRecipe(modules=modules, rank=4, alpha=6))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    once = gradients(AutogradLearner(model), rows(0, shared=3))
    compute_layers_twice(model.get_base_model())
    assert take_packed(model, model.get_base_model(), most_tokens=64)
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    inner = next(module for name, module in model.named_modules() if name.endswith(modules[-1]))
    inner.register_forward_pre_hook(count)  # the second time ends within it, once all is there again
    twice = gradients(AutogradLearner(model, packed=True), rows(0, shared=3))
    assert calls == 2
    assert twice[0] == pytest.approx(once[0], rel=1e-5)
    for mine, peer in zip(twice[1], once[1], strict=True):
        assert (mine - peer).abs().max() <= 1e-5 * max(1.0, float(peer.abs().max()))


def test_a_model_without_such_layers_is_refused() -> None:
    model = torch.nn.Linear(2, 2)
    with pytest.raises(ConfigError, match="computed twice"):
        compute_layers_twice(model)


@pytest.mark.parametrize("name", PADDED)
def test_a_model_in_which_packed_rows_would_see_each_other_is_left_as_it_was(name: str) -> None:
    torch.manual_seed(0)
    build, modules = PADDED[name]
    model = attach_lora(build().eval(), TrainRecipe(modules=modules, rank=4, alpha=6))
    before = gradients(AutogradLearner(model), rows(0, shared=3))
    assert not take_packed(model, model.get_base_model(), most_tokens=64)
    after = gradients(AutogradLearner(model), rows(0, shared=3))
    assert before[0] == after[0]
    assert all(torch.equal(mine, peer) for mine, peer in zip(before[1], after[1], strict=True))


@pytest.mark.parametrize(
    ("recipe", "passes"),
    [({}, "llama"), ({"method": "full"}, "packed"), ({"gradient_checkpointing": True}, "packed")],
)
def test_train_json_says_how_passes_went(recipe: dict[str, str | bool], passes: str, tmp_path: Path) -> None:
    training = TrainRecipe.model_validate(
        {"modules": ["down_proj"], "epochs": 1, "batch_size": 16, "threads": 1} | recipe
    )
    result = fine_tune(number_rows(16), resolve_model("pocket-a").path, training, tmp_path / "student")
    assert result.passes == passes
    assert all("strigil" not in path.read_text() for path in (tmp_path / "student").glob("*config.json"))
