"""Which weight matrices a model has and an adapter changes, read from the headers of their safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from strigil.common.errors import ConfigError
from strigil.engines.failures import gist

Matrices: TypeAlias = "dict[str, set[tuple[int, int]]]"
"""(outputs, inputs) of the matrices that share a last name, such as `down_proj`."""


def model_matrices(model: Path, *, vocabulary: int) -> Matrices:
    """A model's weight matrices, without its embeddings and its head.

    Raises:
        ConfigError: The folder has no weights that can be read as safetensors.
    """
    found: Matrices = {}
    for path in model.glob("*.safetensors"):
        for key, shape in _shapes(path).items():
            if key.endswith(".weight") and len(shape) == 2 and shape[0] != vocabulary:
                found.setdefault(key.split(".")[-2], set()).add((shape[0], shape[1]))
    if not found:
        message = f"{model} has no weights as safetensors"
        raise ConfigError(message)
    return found


def adapter_matrices(path: Path) -> Matrices:
    """The matrices that a LoRA adapter adds to.

    Raises:
        ConfigError: The folder holds no PEFT adapter of low-rank matrices whose weights are safetensors.
    """
    weights = path / "adapter_model.safetensors"
    for file in (path / "adapter_config.json", weights):
        if not file.is_file():
            message = f"{path} is not a LoRA adapter: it has no {file.name}"
            raise ConfigError(message, hint="give a folder that PEFT's save_pretrained wrote")
    shapes = _shapes(weights)
    found: Matrices = {}
    for key, shape in shapes.items():
        module, _, part = key.partition(".lora_")
        outward = shapes.get(f"{module}.lora_B.weight")
        if outward is None or part not in ("A.weight", "B.weight"):
            message = f"the adapter {path} is more than low-rank matrices: it has {key}"
            raise ConfigError(message, hint="train it without modules_to_save, DoRA and adapted embeddings")
        if part == "A.weight":
            found.setdefault(module.rpartition(".")[2], set()).add((outward[0], shape[1]))
    return found


def _shapes(path: Path) -> dict[str, list[int]]:
    from safetensors import SafetensorError, safe_open  # comes with torch, not with the core

    try:
        with safe_open(path, framework="numpy") as weights:
            return {key: weights.get_slice(key).get_shape() for key in weights.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        message = f"{path} cannot be read: {gist(error)}"
        raise ConfigError(message) from error
