"""Decisions over a study: equivalence at a stated margin, and correction for many comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from strigil.stats.intervals import Arm, Interval, contrast, mean_difference


@dataclass(frozen=True)
class Difference:
    """How far apart two arms are.

    Attributes:
        interval: mean(first) - mean(second), as `mean_difference` gives it.
        p_value: Two-sided, of no difference; None where an arm has a single run.
    """

    interval: Interval
    p_value: float | None


def difference(first: Arm, second: Arm, *, confidence: float = 0.95) -> Difference:
    """Tests whether two arms differ: paired by seed where both have the same seeds, else Welch's.

    Source: as for `mean_difference`.

    Raises:
        ValueError: If an arm is empty or holds a value that is not finite.
    """
    from scipy.special import stdtr

    interval, found = mean_difference(first, second, confidence), contrast(first, second)
    if found.df is None:
        return Difference(interval, None)
    if found.error == 0:
        return Difference(interval, 1.0 if found.estimate == 0 else 0.0)
    return Difference(interval, 2 * float(stdtr(found.df, -abs(found.estimate) / found.error)))


@dataclass(frozen=True)
class Equivalence:
    """Result of two one-sided tests.

    Attributes:
        difference: mean(first) - mean(second), with the interval of confidence 1 - 2 alpha that decides.
        margin: Largest difference that still counts as equal, in the unit of the figure.
        p_value: The larger of the two one-sided p-values; None where an arm has a single run.
        equivalent: Whether the whole interval lies within the margin; False where that cannot be told.
    """

    difference: Interval
    margin: float
    p_value: float | None
    equivalent: bool


def equivalence(first: Arm, second: Arm, *, margin: float, alpha: float = 0.05) -> Equivalence:
    """Tests that two arms differ by less than a margin that was stated beforehand (TOST).

    A difference that is merely not significant is no evidence of equality; only this licenses the word "clean".
    Paired by seed where both arms have the same seeds, else Welch's.

    Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657.

    Raises:
        ValueError: If the margin is not positive, alpha not in (0, 0.5), or an arm is empty or not finite.
    """
    from scipy.special import stdtr

    if not (margin > 0 and 0 < alpha < 0.5):
        message = f"margin {margin} must be positive and alpha {alpha} between 0 and 0.5"
        raise ValueError(message)
    interval = mean_difference(first, second, confidence=1 - 2 * alpha)
    found = contrast(first, second)
    if found.df is None:
        return Equivalence(difference=interval, margin=margin, p_value=None, equivalent=False)
    distance = margin - abs(found.estimate)
    statistic = distance / found.error if found.error > 0 else math.copysign(math.inf, distance)
    p_value = float(stdtr(found.df, -statistic))
    return Equivalence(difference=interval, margin=margin, p_value=p_value, equivalent=p_value <= alpha)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values for the number of comparisons, in the order given; compare each with alpha.

    Controls the chance of any false finding over the whole study, under any dependence of the tests.

    Source: Holm, Scand. J. Stat. 6 (1979) 65.

    Raises:
        ValueError: If a value is no probability.
    """
    if not all(0 <= p <= 1 for p in p_values):
        message = f"p-values must lie between 0 and 1, got {list(p_values)}"
        raise ValueError(message)
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted
