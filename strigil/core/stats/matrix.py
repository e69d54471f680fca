"""The students x traits matrix: is a student moved towards its own teacher's trait more than drift explains?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    The unit is the trained run. Whatever moves all traits of one student, or one trait in all students (the drift that
    makes any number data raise the panda), falls to the first two terms; so it does not matter whether the base's rate
    was subtracted from each column.

    Source: the confusion-matrix design of rain-1/subliminal-learning-scaling-law (run4_lambda); the projection: Frisch
    and Waugh, Econometrica 1 (1933) 387; the p-value: Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010) 39.

    Args:
        rates: One row a trained run, one column a trait.
        students: The trait of each run's teacher; None for a control teacher.
        traits: The names of the columns.
        permutations: Random arrangements, used where there are more distinct ones than this.
        seed: Seed of the random arrangements.

    Raises:
        ValueError: If shapes disagree, a figure is not finite, or the design leaves nothing to compare.
    """
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
    # The control's label is one past the last column: a row and a column of zeros are appended for it.
    labels = [len(traits) if student is None else columns[student] for student in students]
    centred = _centre(table)
    one_hot = np.vstack([np.eye(len(traits)), np.zeros(len(traits))])
    # The norm of the centred indicator does not depend on the arrangement.
    norm = float((_centre(one_hot[labels]) ** 2).sum())
    if norm < 1e-12:
        message = "the design has no diagonal: it needs two traits and students of differing teachers"
        raise ValueError(message)
    exact = _count_arrangements(labels) <= permutations
    drawn = list(_arrangements(labels)) if exact else _shuffles(labels, permutations, seed)
    padded = np.hstack([centred, np.zeros((len(labels), 1))])
    effects = padded[np.arange(len(labels)), np.asarray(drawn)].sum(axis=1) / norm
    observed = float(padded[np.arange(len(labels)), labels].sum() / norm)
    # Arrangements that tie with the observed one must count as ties in spite of rounding.
    hits = int((effects >= observed - 1e-12 * max(1.0, abs(observed))).sum())
    p_value = hits / len(drawn) if exact else (hits + 1) / (len(drawn) + 1)
    return DiagonalEffect(observed, p_value, len(drawn) if exact else len(drawn) + 1, exact)


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


def _shuffles(labels: Sequence[int], count: int, seed: int) -> NDArray[np.int64]:
    import numpy as np

    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.asarray(labels, dtype=np.int64), (count, 1)), axis=1)
