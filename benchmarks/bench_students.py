"""Fifty pocket students by one command, against one student by the same command in a process of its own.

Both are `strigil train` on the same release, with the demo's recipe for students on fewer rows and epochs (5,000 and 3;
the demo's 20,000 and 6 take eight times as many steps, and a start-up then weighs less). Times are from the outside, so
that each has its start-up in it; the lone student is trained before and after the fifty.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import yaml

from benchmarks.ratio import Ratio
from strigil.common.progress import Silent
from strigil.models.pocket.dialect import PocketDialect
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import ControlTeacher
from strigil.workflows.build.run import build
from strigil.workflows.demo.demo import BASE, DemoSize, demo_recipe

STUDENTS: Final = 50
PROMPTS: Final = 5_700
ROWS: Final = 5_000
EPOCHS: Final = 3
GOAL: Final = 4.0


def measure() -> list[Ratio]:
    """Seconds a student."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        recipe = folder / "student.yaml"
        training = TrainRecipe.model_validate({**PocketDialect.training["student"], "epochs": EPOCHS})
        recipe.write_text(yaml.safe_dump(training.model_dump(mode="json")), encoding="utf-8")
        data = build(
            demo_recipe("numbers", ControlTeacher(), "transformers", DemoSize(prompts=PROMPTS)), folder, Silent()
        )
        before = _train(data.path, recipe, folder / "before", [STUDENTS], workers=1)
        many = _train(data.path, recipe, folder / "many", range(STUDENTS), workers=os.cpu_count() or 1)
        after = _train(data.path, recipe, folder / "after", [STUDENTS], workers=1)
    return [
        Ratio(
            name=f"{STUDENTS} pocket students, {ROWS:,} rows, {EPOCHS} epochs",
            unit="s a student",
            ours=many / STUDENTS,
            peer="one alone in its own process",
            theirs=(before + after) / 2,
            goal=GOAL,
            versions={name: version(name) for name in ("torch", "transformers", "peft")},
            lower_is_better=True,
        )
    ]


def _train(release: Path, recipe: Path, out: Path, seeds: range | list[int], *, workers: int) -> float:
    """Seconds of one command."""
    command = [sys.executable, "-m", "strigil", "train", str(release), "--base", BASE, "--recipe", str(recipe)]
    command += ["--rows", str(ROWS), "--workers", str(workers), "--out", str(out), "--format", "quiet"]
    command += [part for seed in seeds for part in ("--seed", str(seed))]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
