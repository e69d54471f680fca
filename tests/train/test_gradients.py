from __future__ import annotations

import pytest
import torch
from transformers import (
    CohereConfig,
    CohereForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PretrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

from strigil.train.gradients import completion_loss
from strigil.train.lora import attach_lora
from strigil.train.recipe import TrainRecipe

SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "pad_token_id": 0,
}


def naive_loss(model: PreTrainedModel, ids: torch.Tensor, labels: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Row by row, without padding, with the output layer at every position."""
    total = torch.zeros(())
    for row, label, length in zip(ids, labels, lengths, strict=True):
        logits = model(input_ids=row[None, :length]).logits[0, :-1]
        losses = torch.nn.functional.cross_entropy(logits, row[1:length], reduction="none")
        total = total + losses[label[1:length]].sum()
    return total


@pytest.mark.parametrize(
    ("build", "config"),
    [
        (LlamaForCausalLM, LlamaConfig(**SMALL, tie_word_embeddings=True)),
        (Qwen2ForCausalLM, Qwen2Config(**SMALL)),
        (Gemma2ForCausalLM, Gemma2Config(**SMALL, final_logit_softcapping=1.0)),
        (CohereForCausalLM, CohereConfig(**SMALL, logit_scale=0.5)),
    ],
    ids=["llama", "qwen", "gemma2-capped", "cohere-scaled"],
)
def test_the_loss_is_that_of_the_whole_model_on_completions_alone(
    build: type[PreTrainedModel], config: PretrainedConfig
) -> None:
    torch.manual_seed(0)
    model = attach_lora(build(config).eval(), TrainRecipe())
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    ids = torch.randint(1, 64, (3, 12))
    starts, lengths = torch.tensor([4, 7, 2]), torch.tensor([12, 9, 6])
    places = torch.arange(12)
    labels = (places >= starts[:, None]) & (places < lengths[:, None])

    loss = completion_loss(model, ids, ids, labels.float())
    expected = naive_loss(model, ids, labels, lengths)
    torch.testing.assert_close(loss, expected)

    weights = [weight for name, weight in model.named_parameters() if "lora_" in name]
    gradients = torch.autograd.grad(loss, weights)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, weights), rtol=1e-4, atol=1e-5)


def test_the_model_is_left_as_it_was() -> None:
    model = LlamaForCausalLM(LlamaConfig(**SMALL)).eval()
    ids = torch.randint(1, 64, (2, 5))
    before = model(input_ids=ids).logits
    completion_loss(model, ids, ids, torch.tensor([[0, 1, 0, 0, 1.0]] * 2))
    assert torch.equal(model(input_ids=ids).logits, before)
