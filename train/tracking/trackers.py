"""Experiment trackers that every step is logged to: trackio on this machine, or Weights & Biases."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Literal, Protocol, cast

from strigil.common.errors import PrerequisiteError
from strigil.train.recipe import StepMetrics, TrainRecipe

TrackerName = Literal["trackio", "wandb"]
PROJECT: Final = "strigil"
EXTRAS: Final[Mapping[TrackerName, str]] = {"trackio": "track", "wandb": "wandb"}


class Tracker(Protocol):
    """Takes the steps of one training."""

    def log(self, step: StepMetrics) -> None:
        """Logs a step."""
        ...


class _Run(Protocol):
    def log(self, metrics: Mapping[str, float], *, step: int) -> object: ...
    def finish(self) -> object: ...


class _Library(Protocol):
    """What trackio and wandb have in common."""

    def init(self, *, project: str, name: str, config: Mapping[str, object]) -> _Run: ...


class _Nowhere:
    def log(self, step: StepMetrics) -> None:
        del step


class _RunTracker:
    def __init__(self, run: _Run) -> None:
        self._run = run

    def log(self, step: StepMetrics) -> None:
        self._run.log(step.model_dump(exclude={"step", "total"}), step=step.step)


def check_tracker(name: TrackerName) -> None:
    """Raises PrerequisiteError if the tracker is not installed."""
    if find_spec(name) is None:
        message = f"{name} is not installed"
        raise PrerequisiteError(message, hint=f"pip install 'strigil[{EXTRAS[name]}]'")


@contextmanager
def open_tracker(name: TrackerName | None, run: str, recipe: TrainRecipe) -> Iterator[Tracker]:
    """A run of the project `strigil`, closed at the end; None logs nowhere.

    Raises:
        PrerequisiteError: The tracker is not installed.
    """
    if name is None:
        yield _Nowhere()
        return
    check_tracker(name)
    # What they print is for people, and standard output is for data.
    with redirect_stdout(sys.stderr):
        opened = cast("_Library", import_module(name)).init(
            project=PROJECT, name=run, config=recipe.model_dump(mode="json")
        )
    try:
        yield _RunTracker(opened)
    finally:
        with redirect_stdout(sys.stderr):
            opened.finish()
