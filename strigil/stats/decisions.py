"""Decisions over a study: is an arm above another, equal to it, does it keep little of an effect; and many of these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from strigil.common.extras import STATISTICS, needing
from strigil.stats.intervals import Arm, Contrast, K, check_finite, contrast_of, mean_of, parts
from strigil.stats.scale import PLAIN, Scale

P = TypeVar("P", float, float | None)


def above(first: Arm[K], second: Arm[K], *, scale: Scale = PLAIN) -> float | None:
    """One-sided p-value of "the first arm is not above the second": paired with equal keys, else Welch's t.

    Args:
        first: Figures by what is independent; equal keys in both arms are the same data set.
        second: The other arm's.
        scale: What is compared.

    Returns:
        None where an arm has a single figure, or what is above has no spread at all: three zeros beside three equal
        rates say nothing about other data sets.

    Source: Welch, Biometrika 34 (1947) 28.

    Raises:
        ValueError: If an arm is empty or holds a value that is not finite.
    """
    first, second = _on(scale, first), _on(scale, second)
    return _above_zero(contrast_of(parts(first, second)))


def equal(first: Arm[K], second: Arm[K], *, margin: float, scale: Scale = PLAIN) -> float | None:
    """P-value of "the arms differ by the margin or more", by two one-sided tests (TOST).

    A difference that is merely not significant is no evidence of equality. The margin is one of figures: on another
    scale it is the distance from the second arm's mean to that mean with the margin, whose error is carried over.

    Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987) 657; the delta method.

    Returns:
        The larger of the two; None where an arm has a single figure, or arms that could be equal have no spread.

    Raises:
        ValueError: If the margin is not positive, or an arm is empty or not finite.
    """
    if not margin > 0:
        message = f"the margin {margin} must be positive"
        raise ValueError(message)
    first, second = _on(scale, first), _on(scale, second)
    centre = mean_of(list(second.values()))
    found: list[float | None] = []
    for sign in (1.0, -1.0):
        limit = scale.back(centre) + sign * margin
        if not scale.inside(limit):
            # No rate is that far away.
            found.append(0.0)
            continue
        slope = scale.slope(scale.back(centre)) / scale.slope(limit)
        moved = {key: scale.to(limit) + slope * (value - centre) for key, value in second.items()}
        pair = (moved, first) if sign > 0 else (first, moved)
        found.append(_above_zero(contrast_of(parts(*pair))))
    known = [p for p in found if p is not None]
    return max(known) if len(known) == len(found) or 1.0 in known else None


def keeps_less(
    treated: Arm[K], untreated: Arm[K], neutral: Arm[K], *, share: float, scale: Scale = PLAIN
) -> float | None:
    """P-value of "the treated arm keeps this share or more of what the untreated one has above the neutral one".

    The arms are compared at the figure that has just this share; its error, and what it shares with the treated arm
    where both are of the same data sets, is carried over. On plain figures it is the test that Fieller's set inverts.

    Source: Fieller, J. R. Stat. Soc. B 16 (1954) 175; Satterthwaite, Biometrics 2 (1946) 110; the delta method.

    Returns:
        None where an arm has a single figure, arms that keep less have no spread, or the untreated arm's mean is not
        above the neutral one's.

    Raises:
        ValueError: If the share is not between 0 and 1, or an arm is empty or not finite.
    """
    if not 0 < share < 1:
        message = f"the share {share} must lie between 0 and 1"
        raise ValueError(message)
    treated, untreated, neutral = (_on(scale, arm) for arm in (treated, untreated, neutral))
    centre, middle = (mean_of(list(arm.values())) for arm in (untreated, neutral))
    high, low = scale.back(centre), scale.back(middle)
    if high <= low:
        return None
    limit = low + share * (high - low)
    of_high, of_low = (
        part * scale.slope(figure) / scale.slope(limit) for part, figure in ((share, high), (1 - share, low))
    )
    # Means of these two are the limit on the scale, up to first order around where the means are.
    from_high = {key: scale.to(limit) + of_high * (value - centre) for key, value in untreated.items()}
    from_low = [of_low * (value - middle) for value in neutral.values()]
    return _above_zero(contrast_of([*parts(from_high, treated), from_low]))


def holm(p_values: Sequence[P]) -> list[P]:
    """Adjusts p-values for the number of comparisons, in the order given; compare each with alpha.

    Controls the chance of any false finding among the values given, and among these alone, under any dependence of the
    tests: a caller who corrects five lists has five such chances. What was not tested (None) stays so and counts for
    nothing.

    Source: Holm, Scand. J. Stat. 6 (1979) 65.

    Raises:
        ValueError: If a value is no probability.
    """
    values: list[float | None] = list(p_values)
    ranked = sorted((p, index) for index, p in enumerate(values) if p is not None)
    if not all(0 <= p <= 1 for p, _ in ranked):
        message = f"p-values must lie between 0 and 1, got {list(p_values)}"
        raise ValueError(message)
    adjusted = list(p_values)
    running = 0.0
    for rank, (p, index) in enumerate(ranked):
        running = max(running, min(1.0, (len(ranked) - rank) * p))
        adjusted[index] = running
    return adjusted


def _on(scale: Scale, arm: Arm[K]) -> Arm[K]:
    check_finite(list(arm.values()))
    return {key: scale.to(value) for key, value in arm.items()}


def _above_zero(found: Contrast) -> float | None:
    with needing(STATISTICS):
        from scipy.special import stdtr

    if found.df is None:
        return None
    # Equal figures may differ by rounding.
    if found.error <= 1e-12 * max(1.0, abs(found.estimate)):
        return None if found.estimate > 0 else 1.0
    return float(stdtr(found.df, -found.estimate / found.error)) if math.isfinite(found.estimate) else None
