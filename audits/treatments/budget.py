"""Which rows or tokens a budget buys: the share with the highest or lowest scores, ties broken at random."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Chosen = NDArray[np.bool_]


def within_budget(scores: NDArray[np.float32] | NDArray[np.float64], share: float, *, seed: int) -> Chosen:
    """Chooses the `share` of the values that are highest; exactly round(share x n) of them.

    Many scores have ties, such as the 0 and 1 of divergence tokens; taking them in the table's order would remove the
    first rows. Values that are not a number are the last to be chosen.

    Args:
        scores: (n,) figures; negate them for the lowest.
        share: From 0 to 1.
        seed: Decides among ties.
    """
    count = round(share * scores.size)
    chosen: Chosen = np.zeros(scores.size, dtype=np.bool_)
    if count == 0:
        return chosen
    ranked = np.where(np.isnan(scores), -np.inf, scores)
    border = np.partition(ranked, ranked.size - count)[ranked.size - count]
    chosen = ranked > border
    ties = np.flatnonzero(ranked == border)
    chosen[np.random.default_rng(seed).permutation(ties)[: count - int(chosen.sum())]] = True
    return chosen
