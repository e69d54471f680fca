"""Training on the GPU of this machine: tokens a second beside TRL at its defaults, and students a minute.

Each result is a file of its own, written as soon as it is there. Both trainers have the same rows in the same batches,
the same adapter and precision; TRL is told that, and to be silent, and everything else is its default. Losses of every
step must agree.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import torch

from benchmarks.bench_train import DIFFERENCE, Run, number_rows, ours, theirs
from benchmarks.ratio import Ratio
from strigil.models.catalog import SMOLLM2, Model, resolve_model
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.sft import encode, train_encoded

GOAL: Final = 1.5


@dataclass(frozen=True)
class Size:
    """What is trained, and how much.

    Attributes:
        base: The model.
        steps, turns: With TRL's default batches of eight rows, in turn with it.
        student_rows, students: For students a minute.
    """

    base: str
    steps: int
    turns: int
    student_rows: int
    students: int


FULL: Final = Size(SMOLLM2, steps=30, turns=2, student_rows=1000, students=4)
TINY: Final = Size("pocket-a", steps=3, turns=1, student_rows=66, students=2)


def main() -> int:
    """Measures both; 1 if a loss differs or the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="the built-in tiny model, a few steps; no goal then")
    parser.add_argument("--out", type=Path, required=True, help="folder of training.json and students.json")
    given = parser.parse_args()
    size = TINY if given.tiny else FULL
    base = resolve_model(size.base)
    speed, off = beside_trl(base, size)
    said = {"ratio": round(speed.ratio, 3), "met": speed.met, "device": _device(), "largest_difference_of_a_loss": off}
    _write(given.out / "training.json", asdict(speed) | said)
    _write(given.out / "students.json", students(base, size))
    return 0 if off <= DIFFERENCE and (given.tiny or speed.met) else 1


def beside_trl(base: Model, size: Size) -> tuple[Ratio, float]:
    """Tokens a second of both, and the largest relative difference of a loss.

    Tokens are counted with prompts and without padding, after a first step in which libraries warm up.
    """
    recipe = TrainRecipe(batch_size=8, epochs=1, warmup_steps=0, learning_rate=1e-3, precision="bfloat16")
    rows = number_rows(8 * size.steps, base.dialect)
    mine: list[list[StepMetrics]] = []
    peers = []
    for _ in range(size.turns):
        mine.append(ours(rows, base.path, recipe))
        peers.append(theirs(rows, base.path, recipe))
    off = max(
        abs(step.loss / loss - 1)
        for steps, peer in zip(mine, peers, strict=True)
        for step, loss in zip(steps, peer.losses, strict=True)
    )
    tokens = size.turns * sum(step.read_tokens for step in mine[0][1:])
    ratio = Ratio(
        name=f"LoRA training, {base.id}, bfloat16, {size.turns} x {size.steps} steps of 8 rows",
        unit="tokens/s",
        ours=tokens / sum(Run.of(steps).seconds for steps in mine),
        peer="TRL SFTTrainer at its defaults",
        theirs=tokens / sum(peer.seconds for peer in peers),
        goal=GOAL,
        versions={name: version(name) for name in ("trl", "peft", "transformers", "torch")},
    )
    return ratio, off


def students(base: Model, size: Size) -> dict[str, float | str]:
    """Small students one after another in one process, with the paper's batches of 66 rows; rows are encoded once."""
    recipe = TrainRecipe(epochs=1, micro_tokens=16384)
    data = encode(number_rows(size.student_rows, base.dialect), base, recipe)
    tokens = int(data.rows.lengths.sum())
    seconds = []
    with TemporaryDirectory() as folder:
        for seed in range(size.students + 1):
            began = time.perf_counter()
            steps: list[StepMetrics] = []
            train_encoded(
                data, recipe.model_copy(update={"seed": seed}), Path(folder) / str(seed), on_step=steps.append
            )
            seconds.append((time.perf_counter() - began, sum(step.step_seconds for step in steps)))
    # The first one is left out: libraries warm up in it.
    whole, stepping = (sum(times) for times in zip(*seconds[1:], strict=True))
    return {
        "what": f"{size.students} students of {base.id}, {size.student_rows} rows, one epoch, one after another",
        "device": _device(),
        "students_per_minute": round(60 * size.students / whole, 2),
        "seconds_a_student": round(whole / size.students, 3),
        "tokens_per_second_of_steps": round(size.students * tokens / stepping),
    }


def _device() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def _write(file: Path, found: Mapping[str, object]) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    partial.replace(file)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    sys.exit(main())
