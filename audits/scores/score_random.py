"""`score.random`: the ranking that every other one has to beat at the same budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strigil.audits.scores.requirements import Cost
from strigil.audits.scores.score import Score
from strigil.common.canonical import derive_seed
from strigil.engines.protocol import TokenScores

if TYPE_CHECKING:
    from strigil.audits.scores.score import TokenFigures


class RandomScore(Score):
    """Uniform random numbers, which depend on the seed and the row's id alone."""

    name = "score.random"
    cost: ClassVar[Cost] = Cost()
    reads_only_tokens: ClassVar[bool] = True

    seed: int = 0

    def tokens(self, row_id: str, passes: Sequence[TokenScores]) -> TokenFigures:
        """Drawn anew for every row."""
        generator = np.random.default_rng(derive_seed(self.seed, row_id))
        return generator.random(len(passes[0].token_ids), dtype=np.float32)
