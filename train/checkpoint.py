"""Checkpoints: what a training needs to go on as if it had never stopped."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import nn

CHECKPOINT_FILE: Final = "checkpoint.safetensors"
MOMENTS: Final = ("exp_avg", "exp_avg_sq")


@dataclass(frozen=True)
class Position:
    """How far a training has come.

    Attributes:
        step: Steps made.
        recent: The last losses, for the smoothed one.
        seconds: Of training so far.
    """

    step: int = 0
    recent: tuple[float, ...] = ()
    seconds: float = 0.0


class Checkpoints:
    """One file that holds weights, optimiser state and position; replaced whole or not at all.

    The order of the data is a function of seed and epoch, and nothing random happens in a step, so this is all there
    is. A training that is shorter than the interval never writes one.

    Args:
        folder: Where the file is.
        seconds: Between two checkpoints.
    """

    def __init__(self, folder: Path, *, seconds: float) -> None:
        self._path = folder / CHECKPOINT_FILE
        self._every = seconds
        self._last = time.monotonic()

    @property
    def exists(self) -> bool:
        """Whether there is one to go on from."""
        return self._path.is_file()

    def load(self, weights: Sequence[nn.Parameter], optimiser: torch.optim.AdamW) -> Position:
        """Puts weights and optimiser where the last checkpoint left them; the beginning if there is none."""
        if not self.exists:
            return Position()
        with safe_open(self._path, framework="pt") as stored, torch.no_grad():
            position = json.loads(stored.metadata()["position"])
            for number, weight in enumerate(weights):
                weight.copy_(stored.get_tensor(f"{number}.weight"))
                optimiser.state[weight] = {
                    # On a GPU the fused optimiser counts its steps there.
                    "step": torch.tensor(float(position["step"]), device=weight.device),
                    **{name: stored.get_tensor(f"{number}.{name}").to(weight.device) for name in MOMENTS},
                }
        return Position(position["step"], tuple(position["recent"]), position["seconds"])

    def save_if_due(self, weights: Sequence[nn.Parameter], optimiser: torch.optim.AdamW, position: Position) -> bool:
        """Writes a checkpoint if the last one is long enough ago."""
        if time.monotonic() - self._last < self._every:
            return False
        tensors = {}
        for number, weight in enumerate(weights):
            tensors[f"{number}.weight"] = weight.detach().cpu().contiguous()
            tensors |= {f"{number}.{name}": optimiser.state[weight][name].cpu().contiguous() for name in MOMENTS}
        partial = self._path.with_suffix(".partial")
        save_file(tensors, partial, metadata={"position": json.dumps(asdict(position))})
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(self._path)
        self._last = time.monotonic()
        return True

    def remove(self) -> None:
        """Removes the file, once the training is over."""
        self._path.unlink(missing_ok=True)
