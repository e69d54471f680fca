"""A student's folder as `strigil train` leaves it, with a small adapter."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from strigil.train.recipe import TrainRecipe
from strigil.train.result import TrainResult


def a_student(folder: Path, *, data_digest: str = "da" * 32, rows: int = 8) -> Path:
    """Writes the folder."""
    folder.mkdir(parents=True)
    save_file({"lora_A": np.ones((2, 4), np.float32)}, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2}))
    result = TrainResult(
        recipe=TrainRecipe(),
        base="pocket-a",
        base_digest="ab" * 32,
        data_digest=data_digest,
        rows=rows,
        truncated=0,
        label_tokens=100,
        steps=10,
        planned_steps=10,
        final_loss=0.5,
        passes="llama",
        versions={"torch": "2.13.0"},
    )
    (folder / "train.json").write_text(result.model_dump_json(indent=2) + "\n")
    return folder
