"""How long cells take, and how much memory, untried: by timings, a table of measured speeds, or a base's size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from strigil.models.catalog import Model
from strigil.models.shape import Shape, shape_of
from strigil.train.recipe import LINEAR_MODULES, TrainRecipe
from strigil.workflows.study.cells import Cost
from strigil.workflows.study.device import Chosen, Pass, table
from strigil.workflows.study.throughput import Speeds

_DECODED: Final = 256
"""Sequences that an engine on a GPU decodes together, about."""


@dataclass
class Reckoner:
    """Seconds of work on one device.

    Attributes:
        chosen: Which.
        speeds: What was timed in the study's folder.
        share: GPUs that a student has, where two or more share one.
        tried: Tokens a second of training that was tried here, by the base's digest.
        basis: What the times go by, for each base and reason: of which work.
    """

    chosen: Chosen
    speeds: Speeds
    share: float = 1.0
    tried: dict[str, float] = field(default_factory=dict)
    basis: dict[Basis, set[str]] = field(default_factory=dict)

    @property
    def told(self) -> list[str]:
        """What the times go by, in words."""
        return sorted(f"{', '.join(sorted(work))} on {of.base}: {of.reason}" for of, work in self.basis.items())

    def seconds(self, cost: Cost) -> float | None:
        """What a cell takes, of one process or GPU; None where nobody can tell."""
        if cost.work is None:
            return 0.0
        tried = self.tried.get(cost.base.digest) if cost.work == "train" else None
        timed = tried or self.speeds.speed(cost.work, cost.base, self.chosen.name if self.chosen.asked else None)
        if timed is not None:
            self._goes_by(cost.base, "timed here", cost.work)
            return cost.amount / timed
        if not cost.tokens:
            return None
        if cost.work == "train":
            return cost.read / self._speed(cost.base, "train")
        # The speed of generating has the reading of prompts in it.
        read = 0 if cost.written else cost.read
        return (read / self._speed(cost.base, "read") if read else 0.0) + (
            cost.written / self._speed(cost.base, "generate") if cost.written else 0.0
        )

    def _goes_by(self, base: Model, reason: str, work: str) -> None:
        self.basis.setdefault(Basis(base.id, reason), set()).add(work)

    def _speed(self, base: Model, kind: Pass) -> float:
        """Tokens a second, of the nearest base that is known on the device; of another size, by its parameters."""
        size, device = shape_of(base).parameters, table().devices[self.chosen.name]
        near = [each for each in table().known if each.device == self.chosen.name]
        of_base = [each for each in near if each.base == base.id or device.peak is None]
        if of_base:
            best = min(of_base, key=lambda each: max(each.parameters / size, size / each.parameters))
            measured = kind in best.measured
            of = "" if best.base == base.id else f", by its size from {best.base}"
            said = f"measured {best.source}" if measured else f"assumed, {best.basis}"
            self._goes_by(base, f"{device.says}{of}: {said}", kind)
            together = min(1.0, self.share * best.students) if kind == "train" else 1.0
            return together * (best.measured if measured else best.assumed)[kind] * best.parameters / size
        shares = table().utilisation
        assumed = ", ".join(f"{share:.0%} ({what})" for what, share in shares.items())
        self._goes_by(base, f"{device.says}: operations by its size, at assumed shares of the peak: {assumed}", kind)
        # Forward, and backward through frozen weights, take two operations each for a weight and token (Kaplan et al.
        # 2020, arXiv 2001.08361, section 2.1).
        together = min(1.0, self.share) if kind == "train" else 1.0
        return together * shares[kind] * (device.peak or 0.0) / (size * (4 if kind == "train" else 2))


@dataclass(frozen=True)
class Basis:
    """What times of a base go by."""

    base: str
    reason: str


@dataclass(frozen=True)
class Gigabytes:
    """Memory, and room on disk, of one base's part in a study; each about.

    Attributes:
        student: Of one that is trained, at its peak.
        engine: Of an engine that serves the base, with a cache for what it decodes together.
        disk: All students together.
    """

    student: float
    engine: float
    disk: float


def gigabytes(base: Model, training: TrainRecipe, *, row: float, students: int) -> Gigabytes:
    """What training and serving a base take.

    Args:
        base: The model.
        training: How students are trained.
        row: Tokens of a row, for the cache.
        students: How many there will be.
    """
    shape = shape_of(base)
    width = {"float32": 4, "bfloat16": 2}.get(training.precision, shape.weight_bytes)
    weights, whole = shape.parameters * width, training.method == "full"
    modules = LINEAR_MODULES if training.modules == "auto" else training.modules
    trained = shape.parameters if whole else shape.adapter_parameters(training.rank, modules)
    # A weight in float32, its gradient and AdamW's two moments.
    state = 16 * trained
    layers = 1 if training.gradient_checkpointing else shape.num_hidden_layers
    kept = layers * _activations(shape, width) + shape.num_hidden_layers * width * shape.hidden_size
    # Logits, once as they are and once in float32 for the loss, and their gradient.
    passes = training.micro_tokens * (kept + shape.vocab_size * (width + 8))
    cache = _DECODED * row * shape.cache_width * shape.weight_bytes
    return Gigabytes(
        student=((0 if whole else weights) + state + passes) / 1e9,
        engine=(shape.parameters * shape.weight_bytes + cache) / 1e9,
        disk=students * 4 * trained / 1e9,
    )


def _activations(shape: Shape, width: int) -> int:
    """Bytes that a layer keeps of one token for the backward pass, attention's own scores not kept.

    Korthikanti et al. 2022 (arXiv 2205.05198, section 4), with a gated feed-forward part: its inputs and both factors.
    """
    return width * (8 * shape.hidden_size + 4 * shape.inner)
