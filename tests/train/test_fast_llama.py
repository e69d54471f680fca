"""The fast way for decoders of Llama's shape gives what transformers and PEFT give."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from strigil.train.fast_llama.learner import LlamaLearner
from strigil.train.gradients import AutogradLearner
from strigil.train.inputs.batches import MicroBatch
from strigil.train.inputs.encode import EncodedRows
from strigil.train.lora import attach_lora
from strigil.train.recipe import LINEAR_MODULES, TrainRecipe

SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 1e4, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 64}
MODELS = {
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, head_dim=16)),
    "llama3-rope": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, rope_parameters=LLAMA3, tie_word_embeddings=True)),
    "qwen2-biases": lambda: Qwen2ForCausalLM(Qwen2Config(**SMALL)),
    "mistral": lambda: MistralForCausalLM(MistralConfig(**SMALL, sliding_window=None)),
}
MODULES = (LINEAR_MODULES, ("down_proj",), ("v_proj", "up_proj"), ("o_proj",), ("gate_proj",))


def rows(seed: int, *, shared: int) -> EncodedRows:
    """Rows of different lengths, which begin alike, and some of whose labels weigh less."""
    chance = np.random.default_rng(seed)
    starts, lengths = np.array([6, 9, 5, 7]), np.array([14, 11, 8, 8])
    inputs = torch.from_numpy(chance.integers(1, 64, (4, 14)))
    inputs[:, :shared] = inputs[0, :shared]
    places = np.arange(14)
    labelled = (places >= starts[:, None]) & (places < lengths[:, None])
    weights = torch.from_numpy((labelled * chance.choice([0, 0.5, 1], labelled.shape)).astype(np.float32))
    labels = torch.from_numpy(chance.integers(1, 64, (4, 14)))
    return EncodedRows(inputs, labels, weights, starts, lengths, lengths - starts, truncated=0)


def check(model: PreTrainedModel, modules: tuple[str, ...], data: EncodedRows, chosen: list[int]) -> None:
    adapted = attach_lora(model.eval(), TrainRecipe(modules=modules, rank=4, alpha=6))
    torch.manual_seed(0)
    for weight in adapted.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    assert LlamaLearner.fits(adapted)
    fast, slow = LlamaLearner(adapted), AutogradLearner(adapted)
    part = MicroBatch(np.array(chosen), int(data.lengths[chosen].max()))
    losses = [learner.backward(data, part, scale=0.1) for learner in (fast, slow)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    found = {name: weight.grad for name, weight in adapted.named_parameters() if weight.requires_grad}
    [flat] = fast.weights
    assert flat.grad is not None
    with torch.no_grad():
        flat.copy_(flat.grad)
    fast.store()
    for name, weight in adapted.named_parameters():
        if weight.requires_grad:
            torch.testing.assert_close(weight.detach(), found[name], rtol=1e-4, atol=1e-6, msg=name)


@pytest.mark.parametrize("name", MODELS)
def test_loss_and_gradients_are_those_of_transformers_and_peft(name: str) -> None:
    for modules in MODULES:
        check(MODELS[name](), modules, rows(0, shared=3), [2, 0, 3, 1])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 999),
    shared=st.integers(0, 14),
    chosen=st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True),
)
def test_whatever_the_rows_share(seed: int, shared: int, chosen: list[int]) -> None:
    check(MODELS["llama"](), LINEAR_MODULES, rows(seed, shared=shared), chosen)


def test_passes_add_up_and_an_optimiser_s_step_is_taken_over() -> None:
    data = rows(0, shared=2)
    learner = LlamaLearner(attach_lora(MODELS["llama"](), TrainRecipe()))
    [flat] = learner.weights
    whole = learner.backward(data, MicroBatch(np.array([0, 1]), 14), scale=1)
    assert flat.grad is not None
    gradient = flat.grad.clone()
    flat.grad.zero_()
    parts = [learner.backward(data, MicroBatch(np.array([row]), int(data.lengths[row])), scale=1) for row in (0, 1)]
    assert sum(parts) == pytest.approx(whole, rel=1e-5)
    torch.testing.assert_close(flat.grad, gradient, rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        flat.sub_(0.05 * gradient / gradient.norm())
    learner.refresh()
    assert learner.backward(data, MicroBatch(np.array([0, 1]), 14), scale=1) < whole


def test_bfloat16_stays_within_its_precision() -> None:
    torch.manual_seed(0)
    data = rows(0, shared=3)
    model = MODELS["llama"]()
    part = MicroBatch(np.arange(4), 14)
    exact = LlamaLearner(attach_lora(copy.deepcopy(model), TrainRecipe())).backward(data, part, scale=1)
    rough = LlamaLearner(attach_lora(model.to(torch.bfloat16), TrainRecipe()))
    assert rough.backward(data, part, scale=1) == pytest.approx(exact, rel=0.01)
    assert {weight.dtype for weight in rough.weights} == {torch.float32}


@pytest.mark.parametrize(
    ("build", "modules"),
    [
        (lambda: MistralForCausalLM(MistralConfig(**SMALL, sliding_window=4)), ("down_proj",)),
        (lambda: LlamaForCausalLM(LlamaConfig(**SMALL, hidden_act="gelu")), ("down_proj",)),
        (lambda: LlamaForCausalLM(LlamaConfig(**SMALL)), ("down_proj", "lm_head")),
        (lambda: Gemma2ForCausalLM(Gemma2Config(**SMALL)), ("down_proj",)),
    ],
    ids=["sliding", "gelu", "head", "gemma2"],
)
def test_other_models_go_the_general_way(build: type[PreTrainedModel], modules: tuple[str, ...]) -> None:
    assert not LlamaLearner.fits(attach_lora(build(), TrainRecipe(modules=modules)))
