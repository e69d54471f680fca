"""A training that is killed goes on by the same call, and ends where it would have ended."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from strigil.common.errors import ConfigError
from strigil.models.catalog import resolve_model
from strigil.train.checkpoint import CHECKPOINT_FILE, Checkpoints, Position
from strigil.train.recipe import StepMetrics, TrainRecipe
from strigil.train.result import TrainResult
from strigil.train.sft import encode, train_encoded
from strigil.train.tracking.metrics import METRICS_FILE
from tests.forked import forked
from tests.train.rows import number_rows

RECIPE = TrainRecipe(modules=("down_proj",), learning_rate=1e-2, epochs=4, batch_size=8, threads=1)
FULL = TrainRecipe(method="full", learning_rate=1e-3, epochs=2, batch_size=8, threads=1)
STEPS = 40


class StoppedError(Exception):
    """Stands for an interrupt at a known step."""


def train(recipe: TrainRecipe, out: Path, *, slow: float = 0.0, stop: int | None = None, every: float = 0.0) -> None:
    def on_step(step: StepMetrics) -> None:
        time.sleep(slow)
        if step.step == stop:
            raise StoppedError

    data = encode(number_rows(80), resolve_model("pocket-a"), recipe)
    train_encoded(data, recipe, out, on_step=on_step, checkpoint_seconds=every)


def slowly(out: Path) -> None:
    train(RECIPE, out, slow=0.05)


def metrics(folder: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (folder / METRICS_FILE).read_text().splitlines()]
    return [{name: value for name, value in line.items() if "seconds" not in name} for line in lines]


def same(first: Path, second: Path) -> bool:
    names = sorted(path.name for path in first.iterdir())
    assert names == sorted(path.name for path in second.iterdir())
    assert metrics(first) == metrics(second)
    return all((first / name).read_bytes() == (second / name).read_bytes() for name in names if name != METRICS_FILE)


def test_a_training_that_was_killed_ends_with_the_same_bytes(tmp_path: Path) -> None:
    process = forked().Process(target=slowly, args=(tmp_path / "killed",))
    process.start()
    partial = tmp_path / ".killed.partial"
    while not (partial / CHECKPOINT_FILE).exists() or len(metrics(partial)) < 5:
        assert process.is_alive()
        time.sleep(0.05)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not (tmp_path / "killed").exists()
    done = len(metrics(partial))
    assert 5 <= done < STEPS
    steps: list[int] = []
    data = encode(number_rows(80), resolve_model("pocket-a"), RECIPE)
    train_encoded(data, RECIPE, tmp_path / "killed", on_step=lambda step: steps.append(step.step))
    assert steps[0] >= done, "finished steps are not made again"
    train(RECIPE, tmp_path / "whole")
    assert same(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.parametrize("recipe", [RECIPE, FULL], ids=["lora", "full"])
def test_so_does_one_that_was_interrupted(recipe: TrainRecipe, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(recipe, tmp_path / "stopped", stop=7)
    train(recipe, tmp_path / "stopped")
    train(recipe, tmp_path / "whole")
    assert same(tmp_path / "stopped", tmp_path / "whole")
    assert not list(tmp_path.glob(".*"))


def test_another_request_does_not_go_on_from_it(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(RECIPE, tmp_path / "student", stop=3)
    other = RECIPE.model_copy(update={"seed": 1})
    train(other, tmp_path / "student")
    train(other, tmp_path / "whole")
    assert same(tmp_path / "student", tmp_path / "whole")


def test_a_short_training_writes_no_checkpoint_and_leaves_nothing_when_it_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        train(RECIPE, tmp_path / "student", stop=3, every=60)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=15, deadline=None)
@given(steps=st.integers(1, 5), recent=st.lists(st.floats(allow_nan=False), max_size=5), seconds=st.floats(0, 1e6))
def test_a_checkpoint_holds_the_optimiser_and_the_position(
    tmp_path_factory: pytest.TempPathFactory, steps: int, recent: list[float], seconds: float
) -> None:
    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    weights = [nn.Parameter(torch.randn(3, 2)), nn.Parameter(torch.randn(4))]
    optimiser = torch.optim.AdamW(weights, lr=0.1)
    gradients = torch.randn(steps + 1, 10)

    def step(weights: list[nn.Parameter], optimiser: torch.optim.AdamW, gradient: torch.Tensor) -> None:
        for weight, part in zip(weights, gradient.split([6, 4]), strict=True):
            weight.grad = part.view_as(weight).clone()
        optimiser.step()

    for gradient in gradients[:steps]:
        step(weights, optimiser, gradient)
    position = Position(steps, tuple(recent), seconds)
    assert Checkpoints(folder, seconds=0).save_if_due(weights, optimiser, position)
    others = [nn.Parameter(torch.zeros_like(weight)) for weight in weights]
    other = torch.optim.AdamW(others, lr=0.1)
    assert Checkpoints(folder, seconds=60).load(others, other) == position
    step(weights, optimiser, gradients[steps])
    step(others, other, gradients[steps])
    assert all(torch.equal(a, b) for a, b in zip(weights, others, strict=True))


def test_a_second_training_of_the_same_student_waits_and_finds_it(tmp_path: Path) -> None:
    data = encode(number_rows(80), resolve_model("pocket-a"), RECIPE)
    out = tmp_path / "student"
    steps: tuple[list[int], list[int]] = ([], [])
    others: list[Future[TrainResult]] = []

    def again() -> TrainResult:
        return train_encoded(data, RECIPE, out, on_step=lambda step: steps[1].append(step.step))

    with ThreadPoolExecutor(1) as pool:

        def on_step(step: StepMetrics) -> None:
            steps[0].append(step.step)
            if step.step == 1:
                others.append(pool.submit(again))
            time.sleep(0.02)

        first = train_encoded(data, RECIPE, out, on_step=on_step)
        assert others[0].result() == first
    assert (len(steps[0]), steps[1]) == (STEPS, [])
    assert len(metrics(out)) == STEPS
    assert [path.name for path in tmp_path.iterdir()] == ["student"]
    with pytest.raises(ConfigError, match="exists"):
        train_encoded(data, RECIPE.model_copy(update={"seed": 9}), out)
