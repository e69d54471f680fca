"""Builds of 1,000 and of 30,000 prompts on pocket, by the command that a user types: peak memory must not grow."""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.ratio import Ratio
from strigil.engines import engine_by_name

FEW: Final = 1_000
MANY: Final = 30_000
# At most 15 % more.
GOAL: Final = 1 / 1.15


def measure() -> list[Ratio]:
    """Peak resident memory of the process, in GB (10^9 bytes)."""
    engine = engine_by_name("auto").chosen().name
    peaks = {}
    for prompts in (FEW, MANY):
        with TemporaryDirectory() as folder:
            peaks[prompts] = build(Path(folder), prompts, engine)
            print(f"{prompts:,} prompts: {peaks[prompts]:.3f} GB", file=sys.stderr)
    return [
        Ratio(
            name=f"build of {MANY:,} prompts with {engine}, memory",
            unit="GB",
            ours=peaks[MANY],
            peer=f"the same with {FEW:,} prompts",
            theirs=peaks[FEW],
            goal=GOAL,
            versions={"torch": version("torch"), "python": platform.python_version()},
            lower_is_better=True,
        )
    ]


def build(folder: Path, prompts: int, engine: str) -> float:
    """Builds number rows in a process of its own, and returns its peak."""
    recipe = folder / "recipe.yaml"
    content = {
        "name": "memory",
        "base": "pocket-a",
        "teacher": {"by": "none"},
        "carrier": {"name": "numbers"},
        "prompts": prompts,
        "sampling": {"max_tokens": 16},
        "engine": {"name": engine},
    }
    recipe.write_text(json.dumps(content), encoding="utf-8")
    command = [sys.executable, "-m", "strigil", "build", str(recipe), "--out", str(folder / "out"), "--format", "quiet"]
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[quiet])
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        message = f"the build of {prompts:,} prompts ended with status {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(message)
    return usage.ru_maxrss * 1024 / 1e9
