"""Progress where there is no terminal: now and then a line, and one at the end of each piece of work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from strigil.common.durations import duration

EVERY: Final = 30.0
"""Seconds between two lines."""

# What is told so soon was there before: it says nothing about the speed.
_AT_ONCE: Final = 1.0
# The share of the work before which its speed is none to go by: models load, and caches fill.
_TOO_LITTLE: Final = 0.01
# Work that takes less is not worth its time.
_WORTH_SAYING: Final = 10.0


@dataclass
class Log:
    """What tells of one piece of work.

    Attributes:
        what: The work.
        total: How much it is.
        say: Takes each line.
        clock: Tells seconds.
    """

    what: str
    total: float
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _said: float = field(init=False)
    _before: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._began = self._said = self.clock()

    def __call__(self, done: float, detail: str = "", /) -> None:
        """Says how far it is, if that was not said for a while."""
        now = self.clock()
        if now - self._began < _AT_ONCE:
            self._before = done
        if now - self._said >= EVERY:
            self._said = now
            made = done - self._before
            rate = made / (now - self._began) if made >= self.total * _TOO_LITTLE else 0.0
            said = [self._share(done), *_speed(rate, self.total, self.total - done), *([detail] if detail else [])]
            self.say(f"{self.what}: {', '.join(said)}")

    def end(self) -> None:
        """Says that it is done."""
        took = self.clock() - self._began
        self.say(f"{self.what}: done" + (f" in {duration(took)}" if took >= _WORTH_SAYING else ""))

    def _share(self, done: float) -> str:
        return f"{done:,.0f} of {self.total:,.0f}" if self.total > 1 else f"{done:.0%}"


def _speed(rate: float, total: float, left: float) -> list[str]:
    """How much is done in a second, a minute or an hour, and for how long it goes on; nothing before that is known."""
    if rate <= 0:
        return []
    units = {"s": 1, "min": 60, "h": 3600}
    unit = next((name for name, seconds in units.items() if rate * seconds >= 1), "h")
    speed = [f"{rate * units[unit]:,.3g}/{unit}"] if total > 1 else []
    return [*speed, f"{duration(max(left, 0.0) / rate)} left"]
