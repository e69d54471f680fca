"""`probe.personas`: a bank of traits, each tried on the data by a contrast of forward passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from strigil.audits.probes.candidate_probe import Bench, SampleProbe, Values, centred
from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.audits.scores.score import SCORES, ScoreContext, score_rows
from strigil.traits import trait_names

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Dtype, Engine


class PersonasProbe(SampleProbe):
    """The mean contrast of every trait, less the bank's mean, against samples of the base.

    By personas it is the scan of jeqcho/LLS-subliminal-learning, where every persona scored alike on a persona's data;
    by directions, the first-order effect of the data on each trait.
    """

    name = "probe.personas"
    knowledge: ClassVar[Knowledge] = "nothing"
    # Two for each of ten traits.
    cost: ClassVar[Cost] = Cost(forward=20)
    what: ClassVar[str] = "stands out among the bank's traits"

    by: Literal["contrast.persona", "contrast.direction"] = "contrast.direction"

    @property
    def dtype(self) -> Dtype:
        """As the contrast needs it."""
        return SCORES.get(self.by).dtype

    def measurer(self, bench: Bench, engine: Engine) -> Callable[[pl.DataFrame], Values]:
        """Scores a sample once for every trait; candidates that are no traits are left out.

        Raises:
            ConfigError: The base has no words for a trait.
        """
        known = ScoreContext(bench.base)
        scores = {trait: SCORES.create(self.by, {"trait": trait}) for trait in bench.bank if trait in trait_names()}
        views = {trait: score.views(known, bench.folder / trait) for trait, score in scores.items()}

        def measure(rows: pl.DataFrame) -> Values:
            means = {}
            for trait, score in scores.items():
                scored = score_rows(score, views[trait], rows, engine)
                means[trait] = float(scored["score"].drop_nulls().to_numpy().mean())
            return centred(means)

        return measure
