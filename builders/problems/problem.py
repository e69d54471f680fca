"""What a problem is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """A question and the whole number that answers it."""

    question: str
    answer: int
