"""What `text.toxicity` scores with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Scores: TypeAlias = npt.NDArray[np.float64]


class ToxicityModel(Protocol):
    """A loaded model."""

    @property
    def classes(self) -> tuple[str, ...]:
        """What its scores are of, as detoxify names them."""

    @property
    def digest(self) -> str:
        """Covers all that its scores depend on besides the text."""

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of every class for every text, 0 to 1, (texts, classes); of a long text, the highest of its pieces."""
