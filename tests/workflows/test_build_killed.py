"""A build that is killed at any moment goes on, and ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.common.progress import Silent
from strigil.releases.store import PARTIAL, open_release
from strigil.workflows.build.recipes import BuildRecipe
from strigil.workflows.build.run import build
from tests.forked import forked

if TYPE_CHECKING:
    from strigil.releases.store import Release

KILLS = 20
RECIPE = BuildRecipe.model_validate(
    {
        "name": "killed",
        "base": "pocket-a",
        "teacher": {"by": "none"},
        "carrier": {"name": "numbers"},
        "prompts": 250,
        "samples": 2,
        "sampling": {"max_tokens": 16},
        "engine": {"name": "transformers"},
    }
)


def build_alone(out: Path) -> None:
    import torch

    torch.set_num_threads(1)
    build(RECIPE, out, Silent())


def run_for(out: Path, seconds: float | None) -> float:
    """Builds in a process of its own, which is killed after so many seconds; returns how long it lived."""
    process = forked().Process(target=build_alone, args=(out,))
    started = time.monotonic()
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return time.monotonic() - started


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_twenty_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    run_for(tmp_path / "warm-up", None)
    length = run_for(tmp_path / "whole", None)
    whole = open_release(tmp_path / "whole" / "killed")
    chance = random.Random(0)
    finished: list[Release] = []
    for number in range(KILLS):
        # Each release takes a few kills; once it is there, the next one begins.
        out = tmp_path / f"cut-{len(finished)}"
        run_for(out, chance.uniform(0.02, length))
        if (out / "killed" / "v1.0.0").exists() or number == KILLS - 1:
            run_for(out, None)
            finished.append(open_release(out / "killed"))
    for release in finished:
        assert release.rows("raw").collect().equals(whole.rows("raw").collect())
        assert release.rows("clean").collect().equals(whole.rows("clean").collect())
        assert names(release.path) == names(whole.path)
        home = release.path.parent
        assert not (home / PARTIAL).exists()
        assert {path.name for path in home.iterdir()} <= {"v1.0.0", ".lock"}
