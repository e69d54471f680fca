"""What a recipe trains: an adapter or a whole model, the way that is fastest here, and how it is saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.utils.checkpoint import checkpoint
from transformers.modeling_layers import GradientCheckpointingLayer

from strigil.common.errors import ConfigError
from strigil.train.fast_llama.learner import LlamaLearner
from strigil.train.full_finetune import multiplies_in_bfloat16, save_whole
from strigil.train.gradients import AutogradLearner, Learner
from strigil.train.lora import adapted_modules, attach_lora, load_base, save_adapter
from strigil.train.packed_rows import take_packed

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel

    from strigil.models.catalog import Model
    from strigil.train.recipe import Passes, TrainRecipe


@dataclass(frozen=True)
class Trainee:
    """A model to be trained, the way that its passes go, what is adapted, and how it is written to a folder."""

    learner: Learner
    passes: Passes
    adapted: dict[str, int]
    save: Callable[[Path], None]


def open_trainee(base: Model, recipe: TrainRecipe) -> Trainee:
    """Loads the base and makes it ready, on a GPU where torch finds one.

    Raises:
        ConfigError: The base cannot be loaded, lacks the recipe's modules, or has no layers to be computed twice.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if recipe.method == "full":
        whole = load_base(base.path, "float32")
        if recipe.gradient_checkpointing:
            compute_layers_twice(whole)
        whole.to(device)
        packed = take_packed(whole, whole, most_tokens=recipe.max_length)
        learner = AutogradLearner(whole, autocast=multiplies_in_bfloat16(base.path, recipe), packed=packed)
        return Trainee(learner, "packed" if packed else "padded", {}, partial(save_whole, whole, base.path))
    adapted = attach_lora(load_base(base.path, recipe.precision), recipe)
    if recipe.gradient_checkpointing:
        compute_layers_twice(adapted.get_base_model())
    adapted.to(device)
    save, names = partial(save_adapter, adapted, base=base), adapted_modules(adapted)
    if LlamaLearner.fits(adapted) and not recipe.gradient_checkpointing:
        return Trainee(LlamaLearner(adapted), "llama", names, save)
    packed = take_packed(adapted, adapted.get_base_model(), most_tokens=recipe.max_length)
    return Trainee(AutogradLearner(adapted, packed=packed), "packed" if packed else "padded", names, save)


def compute_layers_twice(base: PreTrainedModel) -> None:
    """Has each layer keep nothing but its input, and compute the rest anew (Chen et al. 2016, arXiv 1604.06174).

    Transformers' own switch works in training mode alone, in which some layers have dropout.

    Raises:
        ConfigError: The model's layers are not made for it.
    """
    layers = [module for module in base.modules() if isinstance(module, GradientCheckpointingLayer)]
    if not layers:
        message = f"{type(base).__name__} has no layers that could be computed twice"
        raise ConfigError(message, hint="leave gradient_checkpointing out, and lower micro_tokens")
    for layer in layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False, preserve_rng_state=False)
