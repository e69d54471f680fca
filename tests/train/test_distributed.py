"""Several processes train one student together, and make the student that one alone makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from strigil.models.catalog import resolve_model
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import encode, train_encoded
from strigil.train.tracking.metrics import METRICS_FILE
from tests.train.rows import number_rows

RECIPE = TrainRecipe(modules=("down_proj",), learning_rate=1e-2, epochs=1, batch_size=16, threads=1)
LAUNCH = ("-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1")


def main(out: str) -> None:
    train_encoded(encode(number_rows(40), resolve_model("pocket-a"), RECIPE), RECIPE, Path(out))


def test_two_processes_of_accelerate_launch_train_as_one(tmp_path: Path) -> None:
    settings = ("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0")
    subprocess.run(
        [sys.executable, *LAUNCH, *settings, __file__, str(tmp_path / "two")],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    main(str(tmp_path / "one"))
    one, two = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("one", "two"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, rtol=1e-3, atol=1e-5)
    lines = [(tmp_path / name / METRICS_FILE).read_text().splitlines() for name in ("one", "two")]
    assert len(lines[0]) == len(lines[1])
    assert not list(tmp_path.glob(".*"))


if __name__ == "__main__":
    main(sys.argv[1])
