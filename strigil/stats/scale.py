"""The scale that figures are compared on: log-odds for rates, the figures themselves for anything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_FLOOR = 1e-6
"""Rates are kept this far from 0 and 1, whose log-odds are infinite."""


@dataclass(frozen=True)
class Scale:
    """A scale on which figures of independent data sets spread alike, whatever their size.

    Attributes:
        to: From a figure.
        back: To a figure.
        slope: Derivative of `back`, by the figure.
        low: No figure is below.
        high: No figure is above.
    """

    to: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]
    low: float
    high: float

    def inside(self, figure: float) -> bool:
        """Whether there can be such a figure."""
        return self.low < figure < self.high


def _logit(rate: float) -> float:
    kept = min(max(rate, _FLOOR), 1 - _FLOOR)
    return math.log(kept / (1 - kept))


LOGITS = Scale(_logit, lambda value: 1 / (1 + math.exp(-value)), lambda rate: rate * (1 - rate), 0.0, 1.0)
PLAIN = Scale(float, float, lambda _: 1.0, -math.inf, math.inf)


def scale_of(figures: Iterable[float]) -> Scale:
    """Log-odds where all figures can be rates: a rate of .003 and one of .3 then spread alike.

    The figures themselves where one is at the floor, as sampled rates of 0 and 1 are: its log-odds would be the
    floor's.
    """
    return LOGITS if all(_FLOOR < figure < 1 - _FLOOR for figure in figures) else PLAIN
