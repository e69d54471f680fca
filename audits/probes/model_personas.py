"""`model.personas`: how far a student moved along the direction of each trait's system prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strigil.audits.probes.candidate_probe import Bench, StudentProbe, Values, centred
from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.data.messages import Message
from strigil.traits import load_trait, trait_names
from strigil.traits.questions import persona_for

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Adapter


class PersonaVectorsProbe(StudentProbe):
    """Student less base at the middle layer, along the unit vector from no system prompt to each trait's.

    Source: Chen et al., 2507.21509. On numbers it is known to fail: dropping the half of a data set with the highest
    projections left .90 to .99 of the trait (jeqcho/subliminal-learning-persona-vectors).
    """

    name = "model.personas"
    knowledge: ClassVar[Knowledge] = "student"
    cost: ClassVar[Cost] = Cost(forward=2)
    what: ClassVar[str] = "is the persona that the student moved to"

    def measurer(self, bench: Bench, texts: pl.DataFrame) -> Callable[[Adapter], Values]:
        """Projections, less the bank's mean; candidates that are no traits, and so have no persona, are left out."""
        from strigil.audits.activations import ModelActivations  # needs torch

        inside = ModelActivations(bench.base)
        traits = [load_trait(name) for name in bench.bank if name in trait_names()]
        plain = [(Message(role="user", content=question),) for question in bench.questions]
        without = inside.last_states(plain)[inside.middle]
        vectors = []
        for trait in traits:
            system = Message(role="system", content=persona_for(trait, bench.base.dialect))
            vector = inside.last_states([(system, *chat) for chat in plain])[inside.middle] - without
            vectors.append(vector / max(float(np.linalg.norm(vector)), 1e-12))
        targets = inside.targets(texts)
        base = inside.see(targets, None).hidden[inside.middle]

        def measure(student: Adapter) -> Values:
            moved = inside.see(targets, student).hidden[inside.middle] - base
            along = (np.stack(vectors) @ moved).tolist()
            return centred(dict(zip([trait.name for trait in traits], along, strict=True)))

        return measure
