"""Training on a GPU is the training that a CPU does; not run, and reported so, where torch finds no GPU."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from strigil.train.fast_llama.learner import LlamaLearner
from strigil.train.gradients import AutogradLearner, Learner
from strigil.train.inputs.batches import MicroBatch
from strigil.train.lora import attach_lora
from strigil.train.packed_rows import take_packed
from strigil.train.recipe import TrainRecipe
from tests.train.test_fast_llama import MODELS, rows
from tests.train.test_packed_rows import PACKED
from tests.train.test_resume import FULL, RECIPE, StoppedError, train

if TYPE_CHECKING:
    from peft import PeftModel

pytestmark = pytest.mark.gpu
DEVICES = ("cpu", "cuda")


def adapted(name: str) -> PeftModel:
    torch.manual_seed(0)
    build, modules = (MODELS[name], ("q_proj", "down_proj")) if name in MODELS else PACKED[name]
    model = attach_lora(build().eval(), TrainRecipe(modules=modules, rank=4, alpha=6))
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.2)
    return model


def loss_and_gradients(learner: Learner) -> tuple[float, torch.Tensor]:
    loss = learner.backward(rows(0, shared=3), MicroBatch(np.array([2, 0, 3, 1]), 14), scale=0.1)
    return loss, torch.cat([weight.grad.flatten().cpu() for weight in learner.weights if weight.grad is not None])


def check(there: tuple[float, torch.Tensor], here: tuple[float, torch.Tensor], *, within: float) -> None:
    assert there[0] == pytest.approx(here[0], rel=within)
    assert (there[1] - here[1]).abs().max() <= within * here[1].abs().max()


@pytest.mark.parametrize("name", MODELS)
def test_the_way_written_out_for_llama_gives_what_it_gives_on_a_cpu(name: str) -> None:
    here, there = (loss_and_gradients(LlamaLearner(adapted(name).to(device))) for device in DEVICES)
    check(there, here, within=1e-4)


@pytest.mark.parametrize("name", PACKED)
def test_packed_rows_give_what_padded_ones_give_on_a_cpu(name: str) -> None:
    here = loss_and_gradients(AutogradLearner(adapted(name)))
    model = adapted(name).to("cuda")
    assert take_packed(model, model.get_base_model(), most_tokens=64)
    check(loss_and_gradients(AutogradLearner(model, packed=True)), here, within=1e-4)


@pytest.mark.parametrize("packed", [False, True])
def test_bfloat16_stays_within_its_precision(packed: bool) -> None:  # noqa: FBT001  # pytest's, by name
    model = attach_lora(MODELS["llama"]().eval(), TrainRecipe())
    here = LlamaLearner(model).backward(rows(0, shared=3), MicroBatch(np.arange(4), 14), scale=1)
    rough = model.to("cuda", torch.bfloat16)
    assert not packed or take_packed(rough, rough.get_base_model(), most_tokens=64)
    learner: Learner = AutogradLearner(rough, packed=True) if packed else LlamaLearner(rough)
    there = learner.backward(rows(0, shared=3), MicroBatch(np.arange(4), 14), scale=1)
    assert there == pytest.approx(here, rel=0.02)


@pytest.mark.parametrize(
    ("recipe", "file"), [(RECIPE, "adapter_model.safetensors"), (FULL, "model.safetensors")], ids=["lora", "full"]
)
def test_a_training_that_was_stopped_goes_on_and_ends_as_on_a_cpu(
    recipe: TrainRecipe, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoppedError):
        train(recipe, tmp_path / "stopped", stop=7)
    train(recipe, tmp_path / "stopped")
    train(recipe, tmp_path / "whole")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    train(recipe, tmp_path / "cpu")
    stopped, whole, cpu = (load_file(tmp_path / name / file) for name in ("stopped", "whole", "cpu"))
    for name, weight in whole.items():
        torch.testing.assert_close(stopped[name], weight, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(cpu[name], weight, rtol=2e-2, atol=2e-3)
