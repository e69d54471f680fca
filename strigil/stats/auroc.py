"""How well a score tells two sets of rows apart, row by row and by the mean of many rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.common.extras import STATISTICS, needing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Auroc:
    """Area under the ROC curve.

    Attributes:
        area: Chance that a figure of the first set is above one of the second; ties count a half.
        rows: Rows in each figure: 1, or the size of the groups whose means were compared.
        first: Figures of the first set.
        second: Figures of the second set.
    """

    area: float
    rows: int
    first: int
    second: int


def auroc(first: FloatArray, second: FloatArray, *, rows: int = 1, seed: int = 0) -> Auroc | None:
    """Compares two sets of scores, of single rows or of means over disjoint random groups of `rows` rows.

    A detector that is hardly better than chance on a row can be all but certain about a hundred of them, and neither
    figure says what dropping rows by it does to a student.

    Source: Mann and Whitney, Ann. Math. Stat. 18 (1947) 50.

    Args:
        first: Scores that should be high, without NaN.
        second: Scores that should be low, without NaN.
        rows: Size of the groups.
        seed: Decides the groups.

    Returns:
        None if either set has no whole group.
    """
    import numpy as np

    with needing(STATISTICS):
        from scipy.stats import mannwhitneyu

    generator = np.random.default_rng(seed)
    one, other = (_means(generator.permutation(scores), rows) for scores in (first, second))
    if not one.size or not other.size:
        return None
    wins = float(mannwhitneyu(one, other, method="asymptotic").statistic)
    return Auroc(wins / (one.size * other.size), rows, one.size, other.size)


def _means(scores: FloatArray, rows: int) -> FloatArray:
    whole = scores.size // rows * rows
    means: FloatArray = scores[:whole].reshape(-1, rows).mean(axis=1)
    return means
