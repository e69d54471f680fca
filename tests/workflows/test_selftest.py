"""The digits experiment, for real: a full seed, and short ones where the figures do not matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from strigil.common.errors import ConfigError
from strigil.stats import t_interval
from strigil.workflows.demo.digits import DigitsRun, DigitsSettings
from strigil.workflows.demo.selftest import SelftestResult, plot, run_selftest

SHORT = DigitsSettings(teacher_epochs=2, noise_images=1_000, student_epochs=1)


def result_of(*runs: tuple[float, float]) -> SelftestResult:
    """A result with the given accuracies of student and other initialisation."""
    found = [DigitsRun(seed, 0.1, 0.98, student, other) for seed, (student, other) in enumerate(runs)]
    return SelftestResult(
        settings=SHORT,
        runs=tuple(found),
        untrained=t_interval([run.untrained for run in found]),
        teacher=t_interval([run.teacher for run in found]),
        student=t_interval([run.student for run in found]),
        other_init=t_interval([run.other_init for run in found]),
    )


def test_a_student_of_the_same_initialisation_learns_digits_from_noise() -> None:
    [run] = run_selftest([50]).runs
    assert run.teacher > 0.9
    assert run.student > run.other_init + 0.2
    assert run.other_init < 0.35
    assert run.untrained < 0.25


def test_the_same_seeds_give_the_same_figures_and_each_seed_its_own() -> None:
    together = run_selftest([3, 4], settings=SHORT)
    assert run_selftest([4], settings=SHORT).runs == together.runs[1:]
    assert replace(together.runs[0], seed=4) != together.runs[1]


def test_progress_counts_every_epoch_to_the_end() -> None:
    seen: list[tuple[int, int]] = []
    run_selftest([1, 2], settings=SHORT, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(number, 8) for number in range(1, 9)]


def test_the_number_of_threads_is_given_back() -> None:
    before = torch.get_num_threads()
    run_selftest([1], settings=SHORT)
    assert torch.get_num_threads() == before


def test_it_passes_where_whole_intervals_are_apart_and_above_chance() -> None:
    result = result_of((0.7, 0.08), (0.65, 0.1), (0.72, 0.09))
    assert result.passed
    assert "read 69% of the digits" in result.verdict


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        pytest.param([(0.7, 0.08)], "One seed", id="one seed cannot tell"),
        pytest.param([(0.7, 0.08), (0.05, 0.1), (0.4, 0.09)], "No transfer shown", id="intervals overlap"),
        pytest.param([(0.3, 0.3), (0.31, 0.31), (0.32, 0.32)], "No transfer shown", id="both the same"),
        pytest.param([(0.08, 0.01), (0.081, 0.011), (0.082, 0.012)], "No transfer shown", id="below chance"),
    ],
)
def test_it_fails_otherwise_and_says_why(runs: list[tuple[float, float]], verdict: str) -> None:
    result = result_of(*runs)
    assert not result.passed
    assert verdict in result.verdict


@pytest.mark.parametrize("seeds", [[], [1, 1]])
def test_seeds_are_needed_and_differ(seeds: list[int]) -> None:
    with pytest.raises(ConfigError, match="seed"):
        run_selftest(seeds)


def test_the_figure_names_every_arm(tmp_path: Path) -> None:
    figure = tmp_path / "selftest.svg"
    plot(result_of((0.7, 0.08), (0.65, 0.1)), figure)
    drawing = figure.read_text()
    labels = ("untrained", "teacher", "student, same initialisation", "student, other initialisation", "chance")
    assert all(f"<!-- {label} -->" in drawing for label in labels)
