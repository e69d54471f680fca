"""`score.surprisal`: how unlikely the base finds a text, the simplest thing to ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strigil.audits.scores.requirements import Cost
from strigil.audits.scores.score import Score
from strigil.engines.protocol import TokenScores

if TYPE_CHECKING:
    from strigil.audits.scores.score import TokenFigures


class Surprisal(Score):
    """-log p of the token under the base, in nats; over a row, the logarithm of its perplexity."""

    name = "score.surprisal"
    cost: ClassVar[Cost] = Cost(forward=1)

    def tokens(self, row_id: str, passes: Sequence[TokenScores]) -> TokenFigures:
        """Negative log-probabilities."""
        return -np.array(passes[0].logprobs, dtype=np.float32)
