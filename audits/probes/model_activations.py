"""`model.activations`: what a student's activations say that its base's do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from strigil.audits.probes.candidate_probe import Bench, StudentProbe, Values, centred
from strigil.audits.scores.requirements import Cost, Knowledge

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Adapter


class ActivationsProbe(StudentProbe):
    """Student less base at the middle layer, over the first five tokens of completions, along each trait's word.

    Source: Minder et al., 2510.13900 (activation difference lens), read out by the unembedding.
    """

    name = "model.activations"
    knowledge: ClassVar[Knowledge] = "student"
    cost: ClassVar[Cost] = Cost(forward=2)
    what: ClassVar[str] = "is what the student's activations point to"

    def measurer(self, bench: Bench, texts: pl.DataFrame) -> Callable[[Adapter], Values]:
        """Projections on the unembedding rows of the traits' first tokens, less the bank's mean."""
        from strigil.audits.activations import ModelActivations  # needs torch

        inside = ModelActivations(bench.base)
        targets = inside.targets(texts)
        base = inside.see(targets, None).early[inside.middle]
        words = inside.unembedding[inside.first_tokens(bench.bank)]

        def measure(student: Adapter) -> Values:
            moved = inside.see(targets, student).early[inside.middle] - base
            along = words @ moved / max(float(np.linalg.norm(moved)), 1e-12)
            return centred(dict(zip(bench.bank, along.tolist(), strict=True)))

        return measure
