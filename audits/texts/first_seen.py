"""Which keys came before, in a stream of any length."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.int64]


class Seen:
    """Remembers 64-bit keys with the place of their first occurrence, in 16 bytes a key.

    Sorted runs of doubling length are kept, so that n keys cost O(n log n) however they arrive.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[Keys, Places]] = []
        self._count = 0

    def first_places(self, keys: Keys) -> Places:
        """Adds n keys, in the order of the stream.

        Returns:
            (n,) where in the stream each key came first; its own place for a key that is new.
        """
        distinct, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        places = first.astype(np.int64) + self._count
        new = np.ones(len(distinct), dtype=bool)
        for known, known_places in self._runs:
            at = np.minimum(np.searchsorted(known, distinct), len(known) - 1)
            hit = known[at] == distinct
            places[hit] = known_places[at[hit]]
            new &= ~hit
        self._count += len(keys)
        if new.any():
            self._remember(distinct[new], places[new])
        return places[inverse]

    def _remember(self, keys: Keys, places: Places) -> None:
        while self._runs and len(self._runs[-1][0]) <= len(keys):
            older, older_places = self._runs.pop()
            keys, places = np.concatenate([older, keys]), np.concatenate([older_places, places])
            order = np.argsort(keys, kind="stable")
            keys, places = keys[order], places[order]
        self._runs.append((keys, places))
