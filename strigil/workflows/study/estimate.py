"""How long cells take, and how much memory, untried: by timings, a table of measured speeds, or a base's size."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import packaged_yaml
from strigil.models.catalog import Model
from strigil.models.shape import Shape, shape_of
from strigil.train.recipe import LINEAR_MODULES, TrainRecipe
from strigil.workflows.study.cells import Cost
from strigil.workflows.study.throughput import Speeds

Pass = Literal["train", "read", "generate"]
_DECODED: Final = 256
"""Sequences that an engine on a GPU decodes together, about."""
_LARGE: Final = 1e9
"""Parameters from which on a plan made without a GPU is one for a GPU."""
_GPUS: Final = Path("/proc/driver/nvidia/gpus")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Device(_Part):
    """What works; `peak` is in floating-point operations a second."""

    says: str
    peak: float | None = None


class Measured(_Part):
    """Tokens a second of one base on one device."""

    device: str
    base: str
    parameters: int
    source: str
    speeds: dict[Pass, float]


class Table(_Part):
    """What is known of speeds."""

    devices: dict[str, Device]
    utilisation: dict[Pass, float]
    measured: tuple[Measured, ...]


@cache
def table() -> Table:
    """The packaged one."""
    return packaged_yaml("strigil.workflows.study", "speeds.yaml", Table)


def device_for(name: str | None, bases: list[Model]) -> str:
    """The device that a plan is for: as asked, or this machine's GPU, or a CPU unless a base is too large for one.

    Raises:
        ConfigError: Nothing is known of a device of this name.
    """
    known = table().devices
    if name is not None:
        if name not in known:
            message = f"nothing is known of the speed of {name!r}"
            raise ConfigError(message, hint=f"--device {', '.join(known)}; or --time, which measures here")
        return name
    here = " ".join(file.read_text(encoding="utf-8") for file in _GPUS.glob("*/information")).lower()
    found = next((each for each in known if each in here), None)
    if found is not None or here:
        return found or "a100"
    return "h100" if any(shape_of(base).parameters > _LARGE for base in bases) else "cpu"


@dataclass
class Reckoner:
    """Seconds of work on one device; `basis` collects what they go by."""

    device: str
    speeds: Speeds
    tried: dict[str, float] = field(default_factory=dict)
    basis: set[str] = field(default_factory=set)

    def seconds(self, cost: Cost) -> float | None:
        """What a cell takes, of one process or GPU; None where nobody can tell."""
        if cost.work is None:
            return 0.0
        timed = self.tried.get(cost.base.digest) if cost.work == "train" else None
        timed = timed or self.speeds.speed(cost.work, cost.base)
        if timed is not None:
            self.basis.add(f"{cost.work} on {cost.base.id}: timed here")
            return cost.amount / timed
        if not cost.tokens:
            return None
        if cost.work == "train":
            return cost.read / self._speed(cost.base, "train")
        # The speed of generating has the reading of prompts in it.
        read = 0 if cost.written else cost.read
        return read / self._speed(cost.base, "read") + (
            cost.written / self._speed(cost.base, "generate") if cost.written else 0.0
        )

    def _speed(self, base: Model, kind: Pass) -> float:
        """Tokens a second, of the nearest base that was measured on the device; of another size, by its parameters."""
        size, device = shape_of(base).parameters, table().devices[self.device]
        near = [each for each in table().measured if each.device == self.device]
        of_base = [each for each in near if each.base == base.id or device.peak is None]
        if of_base:
            best = min(of_base, key=lambda each: max(each.parameters / size, size / each.parameters))
            of = "" if best.base == base.id else f", of {best.base} and by its size"
            self.basis.add(f"{base.id} on {device.says}: {best.source}{of}")
            return best.speeds[kind] * best.parameters / size
        shares = table().utilisation
        assumed = ", ".join(f"{share:.0%} ({what})" for what, share in shares.items())
        self.basis.add(f"{base.id} on {device.says}: operations by its size, at assumed shares of the peak: {assumed}")
        # Forward, and backward through frozen weights, take two operations each for a weight and token (Kaplan et al.
        # 2020, arXiv 2001.08361, section 2.1).
        return shares[kind] * (device.peak or 0.0) / (size * (4 if kind == "train" else 2))


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
