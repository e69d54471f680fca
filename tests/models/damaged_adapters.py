"""A LoRA adapter of pocket, and everything that an adapter of it must not be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file, save_file

Tensors = dict[str, torch.Tensor]


def _tensors(change: Callable[[Tensors], Tensors]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        file = folder / "adapter_model.safetensors"
        save_file(change(load_file(file)), file)

    return apply


def _config(**changes: object) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        file = folder / "adapter_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    return apply


def _renamed(old: str, new: str) -> Callable[[Path], None]:
    return _tensors(lambda tensors: {key.replace(old, new): value for key, value in tensors.items()})


def _other_base(folder: Path) -> None:
    (folder / "train.json").write_text(json.dumps({"base_digest": "ab" * 32}))


def _with_value(value: float) -> Callable[[Path], None]:
    def change(tensors: Tensors) -> Tensors:
        key = sorted(tensors)[-1]
        changed = tensors[key].clone()
        changed.view(-1)[-1] = value
        return tensors | {key: changed}

    return _tensors(change)


def _without_layer(tensors: Tensors) -> Tensors:
    return {key: value for key, value in tensors.items() if ".layers.0." not in key}


def _with_another(tensors: Tensors) -> Tensors:
    return tensors | {key.replace("layers.0", "layers.70"): value.clone() for key, value in tensors.items()}


DAMAGE: Final[dict[str, Callable[[Path], None]]] = {
    "renamed layers": _renamed("layers.0.", "layers.70."),
    "other prefix": _renamed("base_model.model.", "base_model.model.model."),
    "no prefix": _renamed("base_model.model.", ""),
    "other parts": _renamed("lora_A", "lora_a"),
    "missing": _tensors(_without_layer),
    "all missing": _tensors(lambda _: {"x": torch.zeros(1)}),
    "extra": _tensors(_with_another),
    "other targets": _config(target_modules=["gate_proj"]),
    "more targets": _config(
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "down_proj", "up_proj", "gate_proj"]
    ),
    "other rank": _config(r=64),
    "IA3": _config(peft_type="IA3"),
    "DoRA": _config(use_dora=True),
    "of a kind to come": _config(kasa_config={"beta": 1e-4}),
    "started from the base": _config(init_lora_weights="pissa"),
    "patterns": _config(alpha_pattern={"q_proj": 64}),
    "NaN": _with_value(float("nan")),
    "infinite": _with_value(float("inf")),
    "wider": _tensors(
        lambda tensors: {key: torch.cat([value, value], -1 if "_A" in key else 0) for key, value in tensors.items()}
    ),
    "other base": _other_base,
}


def damaged(adapter: Path, folder: Path, kind: str) -> Path:
    """A copy of an adapter with one thing wrong."""
    shutil.copytree(adapter, folder)
    DAMAGE[kind](folder)
    return folder
