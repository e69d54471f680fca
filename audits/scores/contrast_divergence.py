"""`contrast.divergence`: the tokens at which the teacher's best choice is not that of a teacher with another trait."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import BASE, Score, ScoreContext, View
from strigil.common.errors import ConfigError
from strigil.engines.protocol import TokenScores
from strigil.traits import load_trait, trait_names
from strigil.traits.questions import favourites, persona_for

if TYPE_CHECKING:
    from strigil.audits.scores.score import TokenFigures


class Divergence(Score):
    """1 where the token is the teacher's likeliest and some counterfactual teacher has another likeliest one, else 0.

    The counterfactual teachers of a prompted teacher are the base under other traits' system prompts; those of any
    other are the base itself.

    Source: Schrodi et al., 2509.23886. It is made for greedy data: sampled tokens are seldom anyone's likeliest.
    """

    name = "contrast.divergence"
    cost: ClassVar[Cost] = Cost(forward=2)

    counterfactuals: int = Field(default=1, ge=1, le=8, description="teachers of other traits, for a prompted teacher")

    @property
    def knowledge(self) -> Knowledge:
        """The teacher."""
        return "teacher"

    def views(self, known: ScoreContext, folder: Path) -> tuple[View, ...]:
        """The teacher and its counterfactuals.

        Raises:
            ConfigError: The teacher is not known.
        """
        teacher = known.teacher_for(self.name)
        if teacher.system is None or known.trait is None:
            return (teacher, BASE)
        own = load_trait(known.trait)
        others = [
            load_trait(name)
            for name in favourites(own.category, known.base.dialect).candidates
            if name != own.name and name in trait_names()
        ]
        chosen = others[: self.counterfactuals]
        return (teacher, *(View(each.name, system=persona_for(each, known.base.dialect)) for each in chosen))

    def tokens(self, row_id: str, passes: Sequence[TokenScores]) -> TokenFigures:
        """0 or 1.

        Raises:
            ConfigError: The engine does not tell ranks.
        """
        if any(len(each.ranks) != len(each.token_ids) for each in passes):
            message = f"{self.name} needs the ranks of tokens, which this engine does not tell"
            raise ConfigError(message, hint="use --engine transformers or --engine vllm")
        teacher, *others = (np.array(each.ranks) == 1 for each in passes)
        diverges: TokenFigures = (teacher & ~np.logical_and.reduce(others)).astype(np.float32)
        return diverges
