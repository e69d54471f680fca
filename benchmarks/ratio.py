"""What a benchmark reports: our figure beside a peer's, measured in the same run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Ratio:
    """One comparison.

    Attributes:
        name: What was measured ("paper filter").
        unit: Of both figures ("rows/s", "s").
        ours: Our figure.
        peer: What we are compared with, and how it was set up.
        theirs: The peer's figure.
        goal: The ratio to reach.
        versions: Of the packages that decide the figures, by name.
        lower_is_better: True for durations and memory.
    """

    name: str
    unit: str
    ours: float
    peer: str
    theirs: float
    goal: float
    versions: dict[str, str]
    lower_is_better: bool = False

    @property
    def ratio(self) -> float:
        """How many times better ours is; below 1 the peer is."""
        return self.theirs / self.ours if self.lower_is_better else self.ours / self.theirs

    @property
    def met(self) -> bool:
        """Whether the goal was reached."""
        return self.ratio >= self.goal
