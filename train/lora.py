"""The base model, and the LoRA adapter on it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Literal

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file

from strigil.common.errors import ConfigError, first_line
from strigil.engines.tokens.chat import model_facts
from strigil.models.loading import load_causal_model

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedModel

    from strigil.models.catalog import Model
    from strigil.train.recipe import TrainRecipe


def load_base(model: Path, precision: Literal["auto", "float32", "bfloat16"]) -> PreTrainedModel:
    """Loads a causal language model onto the CPU, without dropout.

    Raises:
        ConfigError: The folder holds no model that transformers knows.
    """
    kept = precision == "float32" or (precision == "auto" and model_facts(model).dtype == "float32")
    return load_causal_model(model, "float32" if kept else "bfloat16")


def attach_lora(base: PreTrainedModel, recipe: TrainRecipe) -> PeftModel:
    """Adds a fresh adapter, whose initial weights depend on the recipe's seed and on nothing else.

    Raises:
        ConfigError: PEFT cannot adapt the recipe's modules.
    """
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules="all-linear" if recipe.modules == "auto" else list(recipe.modules),
        task_type="CAUSAL_LM",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        try:
            return get_peft_model(base, config)
        except ValueError as error:
            named = recipe.modules if recipe.modules == "auto" else ", ".join(recipe.modules)
            message = f"cannot put an adapter on {named}: {first_line(error)}"
            raise ConfigError(message, hint="name modules that the base has") from error


def adapted_modules(model: PeftModel) -> dict[str, int]:
    """How many modules of each name have an adapter."""
    counts = Counter(name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, LoraLayer))
    return dict(sorted(counts.items()))


def save_adapter(model: PeftModel, folder: Path, *, base: Model) -> None:
    """Writes the adapter in PEFT's format; the same weights give the same bytes.

    PEFT's own `save_pretrained` would write the base's path on this machine and, from a set, modules in any order.
    """
    weights = {
        name: tensor.detach().cpu().contiguous()
        for name, tensor in get_peft_model_state_dict(model, save_embedding_layers=False).items()
    }
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    model.peft_config["default"].save_pretrained(folder)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {
        "base_model_name_or_path": base.name,
        "revision": base.revision,
        "inference_mode": True,
        "target_modules": sorted(config["target_modules"]),
    }
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
