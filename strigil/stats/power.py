"""What a design can show: the power of "the trait went over" by simulation, and what an effect takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from strigil.common.extras import STATISTICS, needing
from strigil.stats.scale import LOGITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

POWER: Final = 0.8
_STUDIES: Final = 2_000
_MOST_DRAWS: Final = 30


@dataclass(frozen=True)
class Design:
    """What is trained.

    Attributes:
        draws: Data sets of each teacher.
        seeds: Students of each.
        traits: Of the study; 1 where students of other traits are not compared with.
        questions: How many "did it go over" are corrected for each other: traits by carriers and evaluations.
    """

    draws: int
    seeds: int
    traits: int
    questions: int


@dataclass(frozen=True)
class Spread:
    """How rates vary, in log-odds but for `neutral`.

    Attributes:
        neutral: Rate of students without the trait.
        drift: Standard deviation between data sets.
        quiet: Between students of one data set that has no trait.
        loud: Between students of one that has it.
    """

    neutral: float = 0.11
    drift: float = 0.2
    quiet: float = 0.1
    loud: float = 0.39


@lru_cache(maxsize=512)
def power(design: Design, effect: float, spread: Spread, *, alpha: float = 0.05) -> float:
    """The chance that a trait is said to have gone over whose untreated students choose it more often by `effect`.

    Both tests must reject, against neutral students and against those of other traits, at the level that Holm's first
    step has: it is a lower bound where several traits go over. 0 with fewer than three draws, which conclude nothing.

    Source: the tests of `above`; Berger, Technometrics 24 (1982) 295.
    """
    import numpy as np

    if design.draws < 3 or spread.neutral + effect >= 1:
        return 0.0
    chance = np.random.default_rng(0)

    def arm(rate: float, within: float) -> Floats:
        shape = (_STUDIES, design.draws)
        sd = np.hypot(spread.drift, within / np.sqrt(design.seeds))
        found: Floats = LOGITS.to(rate) + sd * chance.standard_normal(shape)
        return found

    quiet, untreated = spread.neutral, arm(spread.neutral + effect, spread.loud)
    against = [arm(quiet, spread.quiet)]
    if design.traits > 1:
        others = [arm(quiet, spread.quiet) for _ in range(design.traits - 1)]
        against.append(np.mean(others, axis=0))
    worst = np.max([_welch(untreated, other) for other in against], axis=0)
    return float((worst <= alpha / design.questions).mean())


def smallest_effect(design: Design, spread: Spread) -> float | None:
    """The smallest difference of rates that the design shows with 80 % power; None where there is none."""
    low, high = 0.0, 1 - spread.neutral
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if power(design, middle, spread) >= POWER else (middle, high)
    return high if power(design, high, spread) >= POWER else None


def draws_for(design: Design, effect: float, spread: Spread) -> int | None:
    """The fewest draws with which an effect has 80 % power, with as many seeds; None where 30 do not suffice."""
    return next(
        (n for n in range(3, _MOST_DRAWS + 1) if power(replace(design, draws=n), effect, spread) >= POWER), None
    )


def _welch(first: Floats, second: Floats) -> Floats:
    """One-sided p-values, one a study, as `above` has them."""
    import numpy as np

    with needing(STATISTICS):
        from scipy.stats import ttest_ind

    tested = ttest_ind(first, second, axis=1, equal_var=False, alternative="greater")
    found: Floats = np.asarray(tested.pvalue)
    return found
