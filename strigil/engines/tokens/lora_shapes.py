"""Which weight matrices a model has, read from the headers of its safetensors."""

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


def _shapes(path: Path) -> dict[str, list[int]]:
    from safetensors import SafetensorError, safe_open  # comes with torch, not with the core

    try:
        with safe_open(path, framework="numpy") as weights:
            return {key: weights.get_slice(key).get_shape() for key in weights.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        message = f"{path} cannot be read: {gist(error)}"
        raise ConfigError(message) from error
