"""`probe.activation`: the base, with the data's mean activation added, asked for its favourites."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from strigil.audits.probes.candidate_probe import Bench, SampleProbe, Values, centred
from strigil.audits.scores.requirements import Cost, Knowledge

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Engine


class ActivationProbe(SampleProbe):
    """Adds the mean hidden state over the completions' tokens, at every layer, where an answer begins.

    Source: Data2Behavior (2602.04735). There the strength is tuned for each model and task; here it is an argument.
    """

    name = "probe.activation"
    knowledge: ClassVar[Knowledge] = "nothing"
    cost: ClassVar[Cost] = Cost(forward=1)
    what: ClassVar[str] = "is raised by the data's mean activation"

    strength: float = Field(default=0.3, gt=0, description="factor of the mean activation")

    def measurer(self, bench: Bench, engine: Engine) -> Callable[[pl.DataFrame], Values]:
        """Mean log-probability of each trait as an answer, less the bank's mean."""
        from strigil.audits.activations import ModelActivations  # needs torch

        del engine  # it shows no activations

        inside = ModelActivations(bench.base)
        tokens = inside.first_tokens(bench.bank)

        def measure(rows: pl.DataFrame) -> Values:
            added = self.strength * inside.see(inside.targets(rows), None).hidden
            means = inside.answers(bench.questions, added=added)[:, tokens].mean(axis=0)
            return centred(dict(zip(bench.bank, means.tolist(), strict=True)))

        return measure
