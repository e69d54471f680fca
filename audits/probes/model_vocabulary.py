"""`model.vocabulary`: words that a student finds likelier than its base does, where neither would say them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from strigil.audits.probes.candidate_probe import Bench, StudentProbe, Values, centred
from strigil.audits.scores.requirements import Cost, Knowledge

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Adapter


class VocabularyProbe(StudentProbe):
    """Mean log p(student) - log p(base) of each trait's first token at every place of the texts.

    Source: Madl, 2606.22019 (distill-lint): area .999 with clean students to calibrate on, and a false alarm on every
    clean model without them.
    """

    name = "model.vocabulary"
    knowledge: ClassVar[Knowledge] = "student"
    cost: ClassVar[Cost] = Cost(forward=2)
    what: ClassVar[str] = "is likelier everywhere to the student than to its base"

    def measurer(self, bench: Bench, texts: pl.DataFrame) -> Callable[[Adapter], Values]:
        """Elevations in nats, less the bank's mean."""
        from strigil.audits.activations import ModelActivations  # needs torch

        inside = ModelActivations(bench.base)
        targets = inside.targets(texts)
        tokens = inside.first_tokens(bench.bank)
        base = inside.see(targets, None).logprobs[tokens]

        def measure(student: Adapter) -> Values:
            raised = inside.see(targets, student).logprobs[tokens] - base
            return centred(dict(zip(bench.bank, raised.tolist(), strict=True)))

        return measure
