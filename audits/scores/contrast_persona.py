"""`contrast.persona`: how much likelier a text is to a model that was told to have a trait."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import BASE, Score, ScoreContext, View
from strigil.traits import load_trait
from strigil.traits.questions import generic_persona, persona_for


class PersonaContrast(Score):
    """log p(token | persona, prompt) - log p(token | prompt): the logit-linear score, normalised by length.

    The persona is the system prompt of a trait, or one that gives no trait at all: by being there, a system prompt
    changes much that has nothing to do with what it says, and only the generic one shows how much.

    Source: Aden-Ali et al., 2602.04863, appendix A; as a filter: jeqcho/LLS-subliminal-learning.
    """

    name = "contrast.persona"
    cost: ClassVar[Cost] = Cost(forward=2)

    persona: Literal["trait", "generic"] = "trait"
    trait: str | None = Field(default=None, description="the one thought to be hidden; the data's own if not given")

    @property
    def knowledge(self) -> Knowledge:
        """A trait, unless the persona is the generic one."""
        return "trait" if self.persona == "trait" else "nothing"

    def views(self, known: ScoreContext, folder: Path) -> tuple[View, ...]:
        """Behind the persona, and without it.

        Raises:
            ConfigError: Unknown trait, or one that the base has no words for.
        """
        if self.persona == "generic":
            system = generic_persona(known.base.dialect)
        else:
            trait = load_trait(known.trait_for(self.trait, score=self.name))
            system = persona_for(trait, known.base.dialect)
        return (View("persona", system=system), BASE)
