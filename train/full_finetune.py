"""Full fine-tuning: every weight of a small base, and a model folder like the base's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from transformers import AutoConfig, PreTrainedModel

from strigil.models.catalog import copy_companions

if TYPE_CHECKING:
    from pathlib import Path

    from strigil.train.recipe import TrainRecipe


def multiplies_in_bfloat16(base: Path, recipe: TrainRecipe) -> bool:
    """Whether the recipe's precision is bfloat16 for this base; the weights themselves are trained in float32."""
    stored = AutoConfig.from_pretrained(base).dtype
    return recipe.precision == "bfloat16" or (recipe.precision == "auto" and stored not in (None, torch.float32))


def save_whole(model: PreTrainedModel, base: Path, folder: Path) -> None:
    """Writes the model in the type that the base is stored in, with the base's tokenizer and template."""
    stored = AutoConfig.from_pretrained(base).dtype or torch.float32
    model.to(stored).save_pretrained(folder)
    copy_companions(base, folder)
