"""Intervals for a proportion, for a mean over training seeds, and for the difference of two arms."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVar

from strigil.common.extras import STATISTICS, needing

K = TypeVar("K", bound=Hashable)
Arm: TypeAlias = Mapping[K, float]
"""One student population: its figures by what is independent, a draw of data or a training seed.

Two arms with the same keys are of the same draws, or seeds, and are paired.
"""


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes:
        estimate: The point estimate.
        low: Lower bound, or None where the data cannot give one (a single run).
        high: Upper bound, or None where the data cannot give one.
        n: Number of observations behind it (for two arms: of the smaller one).
        confidence: Coverage, between 0 and 1.
    """

    estimate: float
    low: float | None
    high: float | None
    n: int
    confidence: float = 0.95

    @property
    def defined(self) -> bool:
        """Whether there are bounds at all."""
        return self.low is not None and self.high is not None

    def above(self, other: Interval | float) -> bool:
        """Whether this whole interval lies above a value or another whole interval; never true without bounds."""
        bound = other.high if isinstance(other, Interval) else other
        return self.low is not None and bound is not None and self.low > bound


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson's score interval for a proportion, without continuity correction.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209; Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101, section 3.1.1.

    Raises:
        ValueError: Without trials, with more successes than trials, or a confidence outside (0, 1).
    """
    with needing(STATISTICS):
        from scipy.stats import binomtest

    _check_confidence(confidence)
    if not 0 <= successes <= n or n == 0:
        message = f"{successes} successes in {n} trials: needs 0 <= successes <= trials and at least one trial"
        raise ValueError(message)
    found = binomtest(successes, n)
    low, high = found.proportion_ci(confidence, method="wilson")
    return Interval(found.statistic, float(low), float(high), n, confidence)


def t_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Student's t interval of the mean over training seeds, as in the Nature version of Cloud, Le et al. (2026).

    It is not clipped to [0, 1]: with few seeds a rate's interval may leave the unit range, and that is what it says
    about so few seeds. One value has no interval (bounds None). Equal values have width zero.

    Source: Student, Biometrika 6 (1908) 1.

    Raises:
        ValueError: Without values, or with a value that is not finite.
    """
    _check_confidence(confidence)
    check_finite(values)
    n = len(values)
    mean = mean_of(values)
    if n == 1:
        return Interval(estimate=mean, low=None, high=None, n=1, confidence=confidence)
    half = t_quantile(n - 1, confidence) * math.sqrt(variance_of(values) / n)
    return Interval(estimate=mean, low=mean - half, high=mean + half, n=n, confidence=confidence)


def rate_interval(rates: Sequence[float], confidence: float = 0.95) -> Interval:
    """Wilson's interval of a mean rate over seeds or draws: near Student's in the middle, never beyond 0 and 1.

    It holds the rates p from which the mean is t standard errors away or less, where the standard error is the one
    that was found, scaled by sqrt(p (1 - p)) as a rate's is: Wilson's formula with the effective number of answers.
    One rate has no interval (bounds None). Equal rates have width zero.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209; with an effective sample size: Franco, Little, Louis and Slud,
    J. Surv. Stat. Methodol. 7 (2019) 334.

    Raises:
        ValueError: Without rates, or with one that is not between 0 and 1.
    """
    _check_confidence(confidence)
    check_finite(rates)
    if not all(0 <= rate <= 1 for rate in rates):
        message = f"{list(rates)} are no rates: those are between 0 and 1"
        raise ValueError(message)
    n = len(rates)
    mean = mean_of(rates)
    if n == 1:
        return Interval(estimate=mean, low=None, high=None, n=1, confidence=confidence)
    error = math.sqrt(variance_of(rates) / n)
    if error == 0:
        return Interval(estimate=mean, low=mean, high=mean, n=n, confidence=confidence)
    spread = mean * (1 - mean)
    share = (t_quantile(n - 1, confidence) * error) ** 2 / spread
    centre = (mean + share / 2) / (1 + share)
    half = math.sqrt(share**2 / 4 + share * spread) / (1 + share)
    return Interval(mean, max(centre - half, 0.0), min(centre + half, 1.0), n, confidence)


def mean_difference(first: Arm[K], second: Arm[K], confidence: float = 0.95) -> Interval:
    """Interval of mean(first) - mean(second): paired by seed where both arms have the same seeds, else Welch's.

    Source: Welch, Biometrika 34 (1947) 28 (unequal variances, Satterthwaite's degrees of freedom).

    Raises:
        ValueError: If an arm is empty or holds a value that is not finite.
    """
    _check_confidence(confidence)
    found = contrast(first, second)
    n = min(len(first), len(second))
    if found.df is None:
        return Interval(estimate=found.estimate, low=None, high=None, n=n, confidence=confidence)
    half = t_quantile(found.df, confidence) * found.error
    return Interval(found.estimate, found.estimate - half, found.estimate + half, n, confidence)


def seeds_for_width(sd: float, width: float, confidence: float = 0.95) -> int:
    """Smallest number of training seeds whose t interval is at most `width` wide (both bounds apart).

    Args:
        sd: Standard deviation between training seeds, from a pilot; uncertain itself, so read the answer as a guide.
        width: Wished distance between the bounds, in the unit of the figure.
        confidence: Coverage of the interval.

    Source: the half-width t(n - 1) * sd / sqrt(n) of `t_interval`, solved for n.

    Raises:
        ValueError: If the deviation is negative or the width is not positive.
    """
    _check_confidence(confidence)
    if not (math.isfinite(sd) and sd >= 0 and width > 0):
        message = f"standard deviation {sd} must be finite and not negative, width {width} must be positive"
        raise ValueError(message)

    def fits(n: int) -> bool:
        return 2 * t_quantile(n - 1, confidence) * sd / math.sqrt(n) <= width

    high = 2
    while not fits(high):
        high *= 2
    low = max(2, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


@dataclass(frozen=True)
class Contrast:
    """A difference of two means, with its standard error and degrees of freedom (None: not estimable)."""

    estimate: float
    error: float
    df: float | None


def contrast(first: Arm[K], second: Arm[K]) -> Contrast:
    """What `mean_difference` rests on: paired with equal keys, else Welch's."""
    check_finite(list(first.values()))
    check_finite(list(second.values()))
    return contrast_of(parts(first, second))


def parts(first: Arm[K], second: Arm[K]) -> list[list[float]]:
    """Independent samples whose means add up to mean(first) - mean(second)."""
    if first.keys() == second.keys():
        return [[first[key] - second[key] for key in first]]
    return [list(first.values()), [-value for value in second.values()]]


def contrast_of(samples: Sequence[Sequence[float]]) -> Contrast:
    """The sum of the means of independent samples, with Satterthwaite's degrees of freedom."""
    estimate = sum(map(mean_of, samples))
    if any(len(sample) == 1 for sample in samples):
        return Contrast(estimate=estimate, error=math.nan, df=None)
    errors = [variance_of(sample) / len(sample) for sample in samples]
    spread = sum(error * error / (len(sample) - 1) for error, sample in zip(errors, samples, strict=True))
    df = sum(errors) ** 2 / spread if spread > 0 else float(sum(len(sample) - 1 for sample in samples))
    return Contrast(estimate, math.sqrt(sum(errors)), df)


def mean_of(values: Sequence[float]) -> float:
    """The mean, which does not depend on the order."""
    return math.fsum(values) / len(values)


def variance_of(values: Sequence[float]) -> float:
    """The sample variance; zero of equal values."""
    mean = mean_of(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


@lru_cache(maxsize=256)
def t_quantile(df: float, confidence: float) -> float:
    """Two-sided critical value of Student's t."""
    with needing(STATISTICS):
        from scipy.special import stdtrit

    return float(stdtrit(df, (1 + confidence) / 2))


def check_finite(values: Sequence[float]) -> None:
    """Refuses an empty sequence and values that are not finite.

    Raises:
        ValueError: In both cases.
    """
    if not values:
        message = "no values: an empty arm has no mean"
        raise ValueError(message)
    if not all(math.isfinite(value) for value in values):
        message = f"values must be finite, got {list(values)}"
        raise ValueError(message)


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        message = f"confidence must lie between 0 and 1, got {confidence}"
        raise ValueError(message)
