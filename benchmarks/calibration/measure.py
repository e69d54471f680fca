"""What a Monte Carlo of one kind of study comes to: how often it says what is not so, and what is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.stats import kstest

from benchmarks.calibration.studies import LOUD, NEUTRAL, QUIET, Cell, reports
from strigil.records.study.accounts import Entry
from strigil.records.study.report import StudyReport
from strigil.stats import LOGITS, Interval
from strigil.workflows.study.conclusions.matrices import matrix_is_shown

LEVEL: Final = 0.05
POWER: Final = {"5 draws x 1": 0.95, "3 draws x 2": 0.85}
"""What the power of "went over" must be at the effect and drifts of `POWERED`."""
POWERED: Final = (0.26, (0.0, 0.2))


def standard_errors(studies: int) -> int:
    """How many of the Monte Carlo's own are granted: two; of few studies three, since dozens of cells are looked at."""
    return 2 if studies >= 1_000 else 3


@dataclass(frozen=True)
class Result:
    """Rates over the studies of a cell; None where the cell cannot go wrong, or right, in this way.

    Attributes:
        false_went_over: Studies that say of a trait that it went over, which did not.
        false_diagonal: Studies that say of students that they choose their teacher's trait, which they do not.
        false_clean: Studies that call a treatment clean, which leaves the margin or the share.
        power: Traits that went over and are said to.
        power_clean: Treatments that leave nothing and are called clean.
        covered: How often 95 % intervals hold the truth: `difference`, `residual`, `diagonal`.
        p_values: Of one trait or matrix a study, by what they are of; empty where there is an effect.
    """

    cell: Cell
    studies: int
    false_went_over: float | None
    false_diagonal: float | None
    false_clean: float | None
    power: float | None
    power_clean: float | None
    covered: dict[str, float | None]
    p_values: dict[str, list[float]]

    @property
    def missed(self) -> list[str]:
        """What it should not say, or should say more often."""
        errors = standard_errors(self.studies)
        slack = errors * math.sqrt(LEVEL * (1 - LEVEL) / self.studies)
        wrong = {
            "went over": self.false_went_over,
            "diagonal": self.false_diagonal,
            "clean": self.false_clean,
        }
        found = [
            f"false {name} {rate:.3f}" for name, rate in wrong.items() if rate is not None and rate > LEVEL + slack
        ]
        cell, (effect, drifts) = self.cell, POWERED
        if self.power is not None and (cell.effect, cell.traits) == (effect, 2) and cell.drift in drifts:
            wanted = POWER[cell.design]
            if self.power < wanted - errors * math.sqrt(wanted * (1 - wanted) / self.studies):
                found.append(f"power {self.power:.3f} below {wanted}")
        return found


@dataclass(frozen=True)
class Placebo:
    """How far the p-values of studies without any effect are from uniform ones, by Kolmogorov and Smirnov."""

    design: str
    drift: float
    of: str
    studies: int
    distance: float
    p: float


def measure(cell: Cell, studies: int) -> Result:
    """Runs the studies through the analysis that every report goes through."""
    every = [_read(cell, report) for report in reports(cell, studies)]
    effect, limit = cell.effect > 0, cell.leftover == "limit" and cell.treatments > 0
    return Result(
        cell=cell,
        studies=studies,
        false_went_over=None if effect else _mean([each.went_over > 0 for each in every]),
        false_diagonal=None if effect else _mean([each.diagonal for each in every]),
        false_clean=_mean([each.clean > 0 for each in every]) if effect and limit else None,
        power=_mean([each.went_over / cell.traits for each in every]) if effect else None,
        power_clean=(
            _mean([each.clean / (cell.treatments * cell.traits) for each in every])
            if effect and cell.treatments and not limit
            else None
        ),
        covered={
            name: _mean([hit for each in every if (hit := each.covered[name]) is not None])
            for name in ("difference", "residual", "diagonal")
        },
        p_values={} if effect else {name: [each.p_values[name] for each in every] for name in every[0].p_values},
    )


def placebos(results: Sequence[Result]) -> list[Placebo]:
    """The test of uniformity for each kind of p-value of each cell without an effect."""
    return [
        Placebo(
            result.cell.design, result.cell.drift, name, result.studies, float(found.statistic), float(found.pvalue)
        )
        for result in results
        if result.cell.traits == 2
        for name, values in result.p_values.items()
        for found in [kstest(values, "uniform")]
    ]


@dataclass(frozen=True)
class _Read:
    went_over: int
    clean: int
    diagonal: bool
    covered: dict[str, bool | None]
    p_values: dict[str, float]


def _read(cell: Cell, report: StudyReport) -> _Read:
    account, matrix = report.accounts[0], report.matrices[0]
    entries = {entry.label: entry for entry in account.entries}
    untreated, treated = entries["untreated"], entries.get("t0")
    clean = [entry for each in report.accounts for entry in each.entries if entry.said.startswith("clean")]
    p_values = {
        "above neutral": _p(untreated),
        "above other traits": math.nan if untreated.matched is None else untreated.matched.p,
        "diagonal": matrix.p,
    }
    above, left = _expected(cell, cell.effect), _expected(cell, cell.left)
    return _Read(
        went_over=sum(each.went_over for each in report.accounts),
        clean=len(clean),
        diagonal=matrix_is_shown(matrix),
        covered={
            "difference": None if untreated.neutral is None else _holds(untreated.neutral.difference, above),
            "residual": None if treated is None or not above else _residual(treated, left / above),
            "diagonal": None if matrix.effect is None else _holds(matrix.effect, above),
        },
        p_values={name: math.nan if p is None else p for name, p in p_values.items()},
    )


def _p(entry: Entry) -> float | None:
    return None if entry.neutral is None else entry.neutral.p


def _residual(entry: Entry, truth: float) -> bool | None:
    found = entry.residual
    if found is None or found.low is None or found.high is None:
        return None
    return found.low <= truth <= found.high


def _holds(interval: Interval, truth: float) -> bool | None:
    return None if interval.low is None or interval.high is None else interval.low <= truth <= interval.high


@lru_cache(maxsize=64)
def _expected(cell: Cell, above: float) -> float:
    """The mean rate over drift and students, above that of neutral ones; by quadrature."""
    points, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()

    def mean(rate: float, spread: float) -> float:
        logits = LOGITS.to(rate) + math.hypot(cell.drift, spread) * points
        return float((weights / (1 + np.exp(-logits))).sum())

    rate = NEUTRAL + above
    loud = above == cell.effect and above > 0
    return mean(rate, LOUD / (rate * (1 - rate)) if loud else QUIET) - mean(NEUTRAL, QUIET)


def _mean(hits: Sequence[float | bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None
