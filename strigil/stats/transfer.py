"""Residual transfer: the share of an untreated data set's effect that a treatment leaves in students."""

from __future__ import annotations

import math
from dataclasses import dataclass

from strigil.stats.intervals import Arm, Interval, K, check_finite, mean_of, t_quantile

_ROUNDING = 1e-9
"""An effect of this size is what summing the same rates in another order leaves."""


@dataclass(frozen=True)
class ResidualTransfer:
    """(treated - neutral) / (untreated - neutral); 1: the cleaning did nothing, 0: it left nothing.

    Attributes:
        estimate: The ratio of the means, or None where it cannot be determined.
        fieller: Fieller's interval around it, or None with the estimate.
        effect: untreated - neutral, with the interval that decides whether there is anything to divide by.
        reason: Why the ratio is not determinable, or None.
    """

    estimate: float | None
    fieller: Interval | None
    effect: Interval
    reason: str | None

    def __str__(self) -> str:
        """The figure for people: `0.23 [0.10, 0.37]`, or that there is none and why."""
        if self.estimate is None or self.fieller is None:
            return f"not determinable: {self.reason}"
        return f"{self.estimate:.2f} [{self.fieller.low:.2f}, {self.fieller.high:.2f}]"


def residual_transfer(
    treated: Arm[K], untreated: Arm[K], neutral: Arm[K], *, confidence: float = 0.95
) -> ResidualTransfer:
    """Estimates residual transfer with its uncertainty over what is independent.

    Arms with the same keys are paired: their covariance counts. Other arms are taken as independent. Where the
    interval of untreated - neutral does not lie above zero, no transfer was shown that a treatment could have removed,
    and the answer is "not determinable" (then Fieller's set is unbounded). Degrees of freedom are those of the
    smallest arm, which is conservative.

    Source: Fieller, J. R. Stat. Soc. B 16 (1954) 175. The ratio: brendanlong/subliminal-transfer-token-replacement
    ("normalised leftover").

    Args:
        treated: Students of the treated data.
        untreated: Students of the same data before the treatment.
        neutral: Students of a teacher without the trait.
        confidence: Coverage of both intervals.

    Raises:
        ValueError: If an arm is empty or holds a value that is not finite.
    """
    for arm in (treated, untreated, neutral):
        check_finite(list(arm.values()))
    high, middle, low = (mean_of(list(arm.values())) for arm in (untreated, treated, neutral))
    above, effect = middle - low, high - low
    n = min(len(treated), len(untreated), len(neutral))
    if n == 1:
        return ResidualTransfer(
            estimate=None,
            fieller=None,
            effect=Interval(effect, None, None, n, confidence),
            reason="an arm has a single draw of data, or training seed",
        )
    of_neutral = _covariance(neutral, neutral)
    with_untreated, with_treated = _covariance(untreated, neutral), _covariance(treated, neutral)
    spread = _Spread(
        above=_covariance(treated, treated) - 2 * with_treated + of_neutral,
        effect=_covariance(untreated, untreated) - 2 * with_untreated + of_neutral,
        both=_covariance(treated, untreated) - with_treated - with_untreated + of_neutral,
    )
    critical = t_quantile(n - 1, confidence)
    half = critical * math.sqrt(max(0.0, spread.effect))
    effect_interval = Interval(effect, effect - half, effect + half, n, confidence)
    if not effect_interval.above(_ROUNDING):
        reason = f"untreated students are not above neutral ones ({_spell(effect_interval)})"
        return ResidualTransfer(None, None, effect_interval, reason)
    ratio = above / effect
    low, high = _fieller(above, effect, spread, critical)
    return ResidualTransfer(
        estimate=ratio,
        fieller=Interval(ratio, low, high, n, confidence),
        effect=effect_interval,
        reason=None,
    )


@dataclass(frozen=True)
class _Spread:
    """Variances of treated - neutral and of untreated - neutral, and their covariance."""

    above: float
    effect: float
    both: float


def _covariance(first: Arm[K], second: Arm[K]) -> float:
    """Of the two means; arms of other keys have none."""
    if first.keys() != second.keys():
        return 0.0
    one, other = mean_of(list(first.values())), mean_of(list(second.values()))
    n = len(first)
    return math.fsum((first[key] - one) * (second[key] - other) for key in first) / ((n - 1) * n)


def _fieller(above: float, effect: float, spread: _Spread, critical: float) -> tuple[float, float]:
    """Roots of (above - r effect)^2 = critical^2 var(above - r effect), where effect is clear of zero."""
    square = critical * critical
    a = effect * effect - square * spread.effect
    b = above * effect - square * spread.both
    c = above * above - square * spread.above
    # Not negative but for rounding: the set holds the estimate, and a > 0 closes it.
    root = math.sqrt(max(0.0, b * b - a * c))
    return (b - root) / a, (b + root) / a


def _spell(interval: Interval) -> str:
    bounds = f"{interval.low:.3f} to {interval.high:.3f}"
    return f"difference {interval.estimate:.3f}, {interval.confidence:.0%} interval {bounds}"
