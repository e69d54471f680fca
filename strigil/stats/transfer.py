"""Residual transfer: the share of an untreated data set's effect that a treatment leaves in students."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.stats.intervals import Arm, Interval, check_finite, t_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_ROUNDING = 1e-9
"""An effect of this size is what summing the same rates in another order leaves."""


@dataclass(frozen=True)
class ResidualTransfer:
    """(treated - neutral) / (untreated - neutral); 1: the cleaning did nothing, 0: it left nothing.

    Attributes:
        estimate: The ratio of the means, or None where it cannot be determined.
        fieller: Fieller's interval around it, or None with the estimate.
        bootstrap: Percentile bootstrap over seeds; None also where resampled denominators reach zero too often.
        effect: untreated - neutral, with the interval that decides whether there is anything to divide by.
        reason: Why the ratio is not determinable, or None.
    """

    estimate: float | None
    fieller: Interval | None
    bootstrap: Interval | None
    effect: Interval
    reason: str | None

    def __str__(self) -> str:
        """The figure for people: `0.23 [0.10, 0.37]`, or that there is none and why."""
        if self.estimate is None or self.fieller is None:
            return f"not determinable: {self.reason}"
        return f"{self.estimate:.2f} [{self.fieller.low:.2f}, {self.fieller.high:.2f}]"


def residual_transfer(
    treated: Arm, untreated: Arm, neutral: Arm, *, confidence: float = 0.95, draws: int = 10_000, seed: int = 0
) -> ResidualTransfer:
    """Estimates residual transfer with its uncertainty over training seeds.

    Arms with the same seeds are paired: their covariance counts, and the bootstrap draws the same seeds for them. Other
    arms are taken as independent. Where the interval of untreated - neutral does not lie above zero, no transfer was
    shown that a treatment could have removed, and the answer is "not determinable" (then Fieller's set is unbounded).
    Degrees of freedom are those of the smallest arm, which is conservative.

    Source: Fieller, J. R. Stat. Soc. B 16 (1954) 175; Efron and Tibshirani, An Introduction to the Bootstrap (1993),
    chapter 13. The ratio: brendanlong/subliminal-transfer-token-replacement ("normalised leftover").

    Args:
        treated: Students of the treated data.
        untreated: Students of the same data before the treatment.
        neutral: Students of a teacher without the trait.
        confidence: Coverage of all intervals.
        draws: Number of bootstrap samples.
        seed: Seed of the bootstrap.

    Raises:
        ValueError: If an arm is empty or holds a value that is not finite.
    """
    import numpy as np

    arms = (treated, untreated, neutral)
    for arm in arms:
        check_finite(list(arm.values()))
    means = np.array([np.mean(list(arm.values())) for arm in arms])
    above, effect = float(means[0] - means[2]), float(means[1] - means[2])
    n = min(len(arm) for arm in arms)
    if n == 1:
        return ResidualTransfer(
            estimate=None,
            fieller=None,
            bootstrap=None,
            effect=Interval(effect, None, None, n, confidence),
            reason="an arm has a single training seed",
        )
    to_differences = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]])
    covariance = to_differences @ _covariance_of_means(arms) @ to_differences.T
    critical = t_quantile(n - 1, confidence)
    half = critical * math.sqrt(covariance[1, 1])
    effect_interval = Interval(effect, effect - half, effect + half, n, confidence)
    if not effect_interval.above(_ROUNDING):
        reason = f"untreated students are not above neutral ones ({_spell(effect_interval)})"
        return ResidualTransfer(None, None, None, effect_interval, reason)
    ratio = above / effect
    low, high = _fieller(above, effect, covariance, critical)
    return ResidualTransfer(
        estimate=ratio,
        fieller=Interval(ratio, low, high, n, confidence),
        bootstrap=_bootstrap(arms, ratio, confidence=confidence, draws=draws, seed=seed),
        effect=effect_interval,
        reason=None,
    )


def _covariance_of_means(arms: tuple[Arm, ...]) -> FloatArray:
    import numpy as np

    matrix = np.zeros((len(arms), len(arms)))
    for i, first in enumerate(arms):
        for j, second in enumerate(arms):
            if i == j or first.keys() == second.keys():
                pairs = np.array([(first[seed], second[seed]) for seed in sorted(first)])
                matrix[i, j] = np.cov(pairs, rowvar=False)[0, 1] / len(pairs)
    return matrix


def _fieller(above: float, effect: float, covariance: FloatArray, critical: float) -> tuple[float, float]:
    """Roots of (above - r effect)^2 = critical^2 var(above - r effect), where effect is clear of zero."""
    square = critical * critical
    a = effect * effect - square * float(covariance[1, 1])
    b = above * effect - square * float(covariance[0, 1])
    c = above * above - square * float(covariance[0, 0])
    # Not negative but for rounding: the set holds the estimate, and a > 0 closes it.
    root = math.sqrt(max(0.0, b * b - a * c))
    return (b - root) / a, (b + root) / a


def _bootstrap(arms: tuple[Arm, ...], ratio: float, *, confidence: float, draws: int, seed: int) -> Interval | None:
    import numpy as np

    rng = np.random.default_rng(seed)
    drawn: dict[frozenset[int], NDArray[np.int64]] = {}
    means: list[FloatArray] = []
    for arm in arms:
        seeds = frozenset(arm)
        if seeds not in drawn:
            drawn[seeds] = rng.integers(len(arm), size=(draws, len(arm)))
        values = np.array([arm[key] for key in sorted(arm)])
        means.append(values[drawn[seeds]].mean(axis=1))
    above, effect = means[0] - means[2], means[1] - means[2]
    positive = effect > 0
    ratios = np.divide(above, effect, out=np.zeros_like(above), where=positive)
    # A draw without an effect says nothing about the ratio, so it counts against both ends.
    tail = (1 - confidence) / 2
    low = float(np.quantile(np.where(positive, ratios, -np.inf), tail, method="lower"))
    high = float(np.quantile(np.where(positive, ratios, np.inf), 1 - tail, method="higher"))
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Interval(ratio, low, high, min(len(arm) for arm in arms), confidence)


def _spell(interval: Interval) -> str:
    bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    return f"difference {interval.estimate:.3f}, {interval.confidence:.0%} interval {bounds}"
