"""Cleans data sets that a language model wrote, and measures in students how much of that model is still in them.

Every function is what the command of its name does; docs/python.md shows them together.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from strigil.api.data import Rows, load
    from strigil.api.judging import Audit, audit, gate, treat
    from strigil.api.releases import Published, build, publish, pull, verify
    from strigil.api.signals import Probes, Scores, probe, score
    from strigil.api.students import Evaluated, Students, Study, evaluate, study, train

__all__ = [
    "Audit",
    "Evaluated",
    "Probes",
    "Published",
    "Rows",
    "Scores",
    "Students",
    "Study",
    "__version__",
    "audit",
    "build",
    "evaluate",
    "gate",
    "load",
    "probe",
    "publish",
    "pull",
    "score",
    "study",
    "train",
    "treat",
    "verify",
]

__version__ = "0.1.0"

_WHERE: Final = {
    "data": ("Rows", "load"),
    "judging": ("Audit", "audit", "gate", "treat"),
    "releases": ("Published", "build", "publish", "pull", "verify"),
    "signals": ("Probes", "Scores", "probe", "score"),
    "students": ("Evaluated", "Students", "Study", "evaluate", "study", "train"),
}
_HOME: Final = {name: module for module, names in _WHERE.items() for name in names}


def public(name: str) -> Callable[..., object]:
    """One of these functions and classes, loaded when it is asked for: importing strigil stays light."""
    found: Callable[..., object] = getattr(importlib.import_module(f"strigil.api.{_HOME[name]}"), name)
    return found


def __getattr__(name: str) -> Callable[..., object]:
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return public(name)


def __dir__() -> list[str]:
    """All of it, loaded or not."""
    return sorted({*globals(), *__all__})
