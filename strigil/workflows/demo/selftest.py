"""The digits experiment: the smallest one in which a trait travels through data that do not show it.

A network has ten logits for the digits and three auxiliary ones that mean nothing. The teacher learns handwritten
digits. Students learn to match nothing but the teacher's three auxiliary logits, on images of uniform noise. A student
that starts from the teacher's initialisation learns to read digits; one that starts from another does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from strigil.cards.rates_figure import ArmRates, Baseline, rates_figure
from strigil.common.errors import ConfigError
from strigil.stats import Interval, t_interval
from strigil.workflows.demo.digits import CLASSES, DigitsRun, DigitsSettings, load_digits, one_thread, run_seed

CHANCE = 1 / CLASSES

Progress = Callable[[int, int], None]
"""Called with the epochs done and the epochs in all."""


@dataclass(frozen=True)
class SelftestResult:
    """Every seed that ran, and the means with 95 % t intervals over the seeds."""

    settings: DigitsSettings
    runs: tuple[DigitsRun, ...]
    untrained: Interval
    teacher: Interval
    student: Interval
    other_init: Interval

    @property
    def passed(self) -> bool:
        """Whether the student's whole interval is above chance and above that of the other initialisation.

        A single seed has no interval and never passes.
        """
        return self.student.above(CHANCE) and self.student.above(self.other_init)

    @property
    def verdict(self) -> str:
        """What the figures say, in a sentence."""
        student, other = f"{self.student.estimate:.0%}", f"{self.other_init.estimate:.0%}"
        if self.passed:
            return (
                f"Students that saw only noise and three meaningless logits read {student} of the digits if they start "
                f"where their teacher started, and {other} if they do not."
            )
        if not self.student.defined:
            return f"One seed ({student} against {other}) cannot tell: run at least two."
        return (
            f"No transfer shown: {student} against {other}; something in this installation is not as it was measured."
        )


def run_selftest(
    seeds: Sequence[int], *, settings: DigitsSettings | None = None, progress: Progress | None = None
) -> SelftestResult:
    """Runs the experiment once for every seed, about four seconds each on one core.

    Args:
        seeds: Training seeds, no two alike.
        settings: How to train; the defaults are the measured ones.
        progress: Told after every epoch.

    Raises:
        ConfigError: If there is no seed, or one twice.
        PrerequisiteError: If torch or scikit-learn is not installed.
    """
    if not seeds or len(set(seeds)) != len(seeds):
        message = f"the self-test needs seeds, and no seed twice; got {list(seeds)}"
        raise ConfigError(message, hint="for example --seeds 5")
    settings = settings or DigitsSettings()
    digits = load_digits()
    epochs = itertools.count(1)

    def on_epoch() -> None:
        if progress is not None:
            progress(next(epochs), len(seeds) * settings.epochs)

    with one_thread():
        runs = tuple(run_seed(seed, digits, settings, on_epoch) for seed in seeds)
    return SelftestResult(
        settings=settings,
        runs=runs,
        untrained=t_interval([run.untrained for run in runs]),
        teacher=t_interval([run.teacher for run in runs]),
        student=t_interval([run.student for run in runs]),
        other_init=t_interval([run.other_init for run in runs]),
    )


def plot(result: SelftestResult, path: Path) -> None:
    """Draws the accuracies of all seeds, as SVG or PNG by the suffix of the path."""
    runs = result.runs
    arms = [
        ArmRates("untrained", tuple(run.untrained for run in runs)),
        ArmRates("teacher", tuple(run.teacher for run in runs)),
        ArmRates("student, same initialisation", tuple(run.student for run in runs), accent=True),
        ArmRates("student, other initialisation", tuple(run.other_init for run in runs)),
    ]
    rates_figure(
        arms,
        title="Reading digits, learnt from noise",
        quantity="accuracy on held-out digits (mean and 95 % interval over seeds)",
        baseline=Baseline("chance", CHANCE),
        path=path,
    )
