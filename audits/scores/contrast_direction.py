"""`contrast.direction`: what a gradient step on a token would do to a trait, without a backward pass for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from strigil.audits.scores.direction import DirectionSettings, trait_direction
from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import Score, ScoreContext, View
from strigil.engines.protocol import Dtype, TokenScores

if TYPE_CHECKING:
    from strigil.audits.scores.score import TokenFigures


class DirectionContrast(Score):
    """[log p(token | base + v) - log p(token | base - v)] / 2, per nat of the trait's log-odds.

    v is a step along the gradient of the trait's log-odds at the base, as a LoRA adapter. To first order the figure is
    the product of v with the gradient of the token's log-probability: positive where training on the token raises the
    trait. Exact products need a backward pass for each row; `benchmarks/bench_direction.py` compares the two.

    Source: influence by gradient products, as in GradCos (2609.20027); the two-sided difference is the usual one.
    """

    name = "contrast.direction"
    cost: ClassVar[Cost] = Cost(forward=2)
    # A small step is lost in 16 bits: on a real model ranks then agreed with those of 32 bits by no more than .5.
    dtype: ClassVar[Dtype] = "float32"

    trait: str | None = Field(default=None, description="the one thought to be hidden; the data's own if not given")
    modules: tuple[str, ...] = Field(default=("down_proj",), min_length=1, description="the weights that may move")
    rank: int = Field(default=16, ge=1)
    step: float = Field(default=0.25, gt=0, description="nats by which each adapter moves the trait's log-odds")
    questions: int = Field(default=48, ge=1, description="questions that the gradient is the mean of")

    @property
    def knowledge(self) -> Knowledge:
        """A trait."""
        return "trait"

    def views(self, known: ScoreContext, folder: Path) -> tuple[View, ...]:
        """A step along the direction, and one back.

        Raises:
            ConfigError: Unknown trait, one that the base cannot be asked about, or modules that it does not have.
        """
        settings = DirectionSettings(
            trait=known.trait_for(self.trait, score=self.name),
            modules=self.modules,
            rank=self.rank,
            step=self.step,
            questions=self.questions,
        )
        direction = trait_direction(known.base, settings, folder)
        return (View("forward", adapter=direction.forward), View("backward", adapter=direction.backward))

    def tokens(self, row_id: str, passes: Sequence[TokenScores]) -> TokenFigures:
        """Derivatives of log-probabilities, in nats per nat of the trait's log-odds."""
        forward, backward = (np.array(each.logprobs, dtype=np.float64) for each in passes)
        return ((forward - backward) / (2 * self.step)).astype(np.float32)
