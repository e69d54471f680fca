"""What a caller knows about rows besides what a release says."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from strigil.engines import EngineName
from strigil.workflows.audit.score.known import Hints


def hints(
    base: str | None,
    trait: str | None,
    teacher: str | PathLike[str] | None,
    student: str | PathLike[str] | None,
    engine: EngineName,
) -> Hints:
    """Paths as `Hints` has them."""
    adapters = [None if path is None else Path(path) for path in (teacher, student)]
    return Hints(base=base, trait=trait, teacher=adapters[0], student=adapters[1], engine=engine)
