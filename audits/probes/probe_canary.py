"""`probe.canary`: a short training on a sample, and what it does to every trait of a bank."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from strigil.audits.probes.candidate_probe import CandidateProbe
from strigil.audits.probes.probe import NullKind
from strigil.audits.scores.requirements import Cost, Knowledge


class CanaryProbe(CandidateProbe):
    """Trains a LoRA canary for a moment and compares each trait with placebos trained likewise on the base's samples.

    It needs no idea of the mechanism: it runs a small piece of what is feared. The placebos say how far traits move by
    training alone, which is far more than a plain standard error suggests.
    """

    name = "probe.canary"
    knowledge: ClassVar[Knowledge] = "nothing"
    # For each row of the sample; as much again for every placebo.
    cost: ClassVar[Cost] = Cost(forward=1, backward=1)
    what: ClassVar[str] = "is moved by a short training on the data"
    null_kind: ClassVar[NullKind] = "placebo students"

    rows: int = Field(default=1000, ge=10, description="to a canary's sample")
    placebos: int = Field(default=12, ge=2, description="canaries on as many rows that the base wrote")
    epochs: int = Field(default=1, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float | None = Field(
        default=None, gt=0, description="None: 2e-4, or what the base's dialect trains with"
    )
    modules: tuple[str, ...] = Field(default=("down_proj",), min_length=1)
    rank: int = Field(default=8, ge=1)
    seed: int = 0


def log_odds(rates: Mapping[str, float]) -> dict[str, float]:
    """Logits of rates that lie between 0 and 1: on that scale canaries scatter alike, whatever the rate."""
    clipped = {name: min(max(rate, 1e-9), 1 - 1e-9) for name, rate in rates.items()}
    return {name: math.log(rate / (1 - rate)) for name, rate in clipped.items()}
