"""The students x traits matrix: is a student moved towards its own teacher's trait more than drift explains?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from strigil.stats.intervals import Interval, t_quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class DiagonalEffect:
    """How much a trait's rate rises in the students of that trait's own teacher.

    Attributes:
        effect: The coefficient of is_diagonal (lambda), in the unit of the rates.
        p_value: One-sided (greater) share of label arrangements with an effect at least as large.
        arrangements: How many arrangements the p-value rests on; no p-value can be below 1 / arrangements.
        exact: Whether these are all distinct arrangements, or a random sample of them.
    """

    effect: float
    p_value: float
    arrangements: int
    exact: bool


def diagonal_effect(
    rates: Sequence[Sequence[float]],
    students: Sequence[str | None],
    traits: Sequence[str],
    *,
    permutations: int = 9_999,
    seed: int = 0,
) -> DiagonalEffect:
    """Fits rate ~ student + trait + is_diagonal by least squares and permutes the trait labels over the students.

    The unit is a row: a data set with the mean of its students, or a trained run. Whatever moves all traits of one
    student, or one trait in all students (the drift that makes any number data raise the panda), falls to the first
    two terms; so it does not matter whether the base's rate was subtracted from each column.

    Source: the confusion-matrix design of rain-1/subliminal-learning-scaling-law (run4_lambda); the projection: Frisch
    and Waugh, Econometrica 1 (1933) 387; the p-value: Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39.

    Args:
        rates: One row a unit, one column a trait.
        students: The trait of each run's teacher; None for a control teacher.
        traits: The names of the columns.
        permutations: Random arrangements, used where there are more distinct ones than this.
        seed: Seed of the random arrangements.

    Raises:
        ValueError: If shapes disagree, a figure is not finite, or the design leaves nothing to compare.
    """
    import numpy as np

    design = _design(rates, students, traits)
    labels, centred, norm = design.labels, design.centred, design.norm
    exact = _count_arrangements(labels) <= permutations
    drawn = _all_arrangements(tuple(labels)) if exact else _shuffles(tuple(labels), permutations, seed)
    padded = np.hstack([centred, np.zeros((len(labels), 1))])
    effects = padded[np.arange(len(labels)), drawn].sum(axis=1) / norm
    observed = float(padded[np.arange(len(labels)), labels].sum() / norm)
    # Arrangements that tie with the observed one must count as ties in spite of rounding.
    hits = int((effects >= observed - 1e-12 * max(1.0, abs(observed))).sum())
    p_value = hits / len(drawn) if exact else (hits + 1) / (len(drawn) + 1)
    return DiagonalEffect(observed, p_value, len(drawn) if exact else len(drawn) + 1, exact)


def diagonal_interval(
    rates: Sequence[Sequence[float]],
    students: Sequence[str | None],
    traits: Sequence[str],
    *,
    unit: Literal["run", "cell"] = "run",
    confidence: float = 0.95,
) -> Interval:
    """Interval of the diagonal effect, robust to what varies together within a unit.

    The sandwich estimate over clusters with the correction G / (G - 1) and t with G - 1 degrees of freedom, for G
    clusters. With few runs it is optimistic: the permutation p-value is the one to trust.

    Source: Liang and Zeger, Biometrika 73 (1986) 13; by cell as in rain-1/subliminal-learning-scaling-law
    (run4_lambda), where every trait has a single run.

    Args:
        rates: As for `diagonal_effect`.
        students: As for `diagonal_effect`.
        traits: As for `diagonal_effect`.
        unit: What is independent: each trained run, or each run's rate of each trait.
        confidence: Coverage.

    Raises:
        ValueError: As for `diagonal_effect`.
    """
    design = _design(rates, students, traits)
    effect = float((design.diagonal * design.centred).sum()) / design.norm
    # Row and column effects are projected out of the regressor, so the fit's own residual need not be formed.
    scores = design.diagonal * (design.centred - effect * design.diagonal)
    sums = scores.sum(axis=1) if unit == "run" else scores.ravel()
    clusters = int(sums.size)
    error = math.sqrt(float((sums**2).sum()) * clusters / (clusters - 1)) / design.norm
    half = t_quantile(clusters - 1, confidence) * error
    return Interval(effect, effect - half, effect + half, n=len(students), confidence=confidence)


@dataclass(frozen=True)
class _Design:
    """The fit, reduced to what the diagonal needs.

    Attributes:
        labels: Column of each run's own trait; the control's label is one past the last column.
        centred: Rates without row and column effects.
        diagonal: The same of the indicator of the diagonal.
        norm: Its squared length, which does not depend on the arrangement of the labels.
    """

    labels: list[int]
    centred: NDArray[np.float64]
    diagonal: NDArray[np.float64]
    norm: float


def _design(rates: Sequence[Sequence[float]], students: Sequence[str | None], traits: Sequence[str]) -> _Design:
    import numpy as np

    table = np.asarray(rates, dtype=np.float64)
    if table.shape != (len(students), len(traits)) or len(set(traits)) != len(traits):
        message = f"rates of shape {table.shape} for {len(students)} students and {len(traits)} distinct traits"
        raise ValueError(message)
    if not np.isfinite(table).all():
        message = "the matrix holds a figure that is not finite"
        raise ValueError(message)
    columns = {trait: column for column, trait in enumerate(traits)}
    unknown = {student for student in students if student is not None} - columns.keys()
    if unknown:
        message = f"students of {sorted(unknown)}, which are no columns of the matrix"
        raise ValueError(message)
    labels = [len(traits) if student is None else columns[student] for student in students]
    # A row of zeros is appended for the control's label.
    diagonal = _centre(np.vstack([np.eye(len(traits)), np.zeros(len(traits))])[labels])
    norm = float((diagonal**2).sum())
    if norm < 1e-12:
        message = "the design has no diagonal: it needs two traits and students of differing teachers"
        raise ValueError(message)
    return _Design(labels, _centre(table), diagonal, norm)


def _centre(table: NDArray[np.float64]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = table - table.mean(0, keepdims=True) - table.mean(1, keepdims=True) + table.mean()
    return centred


def _count_arrangements(labels: Sequence[int]) -> int:
    repeats = math.prod(math.factorial(count) for count in Counter(labels).values())
    return math.factorial(len(labels)) // repeats


def _arrangements(labels: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every distinct order of the labels, once."""
    if not labels:
        yield ()
    for label in sorted(set(labels)):
        rest = list(labels)
        rest.remove(label)
        for tail in _arrangements(rest):
            yield (label, *tail)


# A study has many matrices of the same design.
@lru_cache(maxsize=8)
def _all_arrangements(labels: tuple[int, ...]) -> NDArray[np.int64]:
    import numpy as np

    return np.asarray(list(_arrangements(labels)), dtype=np.int64)


@lru_cache(maxsize=8)
def _shuffles(labels: tuple[int, ...], count: int, seed: int) -> NDArray[np.int64]:
    import numpy as np

    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.asarray(labels, dtype=np.int64), (count, 1)), axis=1)
