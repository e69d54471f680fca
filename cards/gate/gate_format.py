"""What a form of a gate's report is; the registry finds them, and `strigil gate` takes each by its name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from strigil.common.registry import Registry, Unit
from strigil.records.gate import GateReport


class GateFormat(Unit, ABC):
    """A form in which other programs or people read a gate's report."""

    @abstractmethod
    def write(self, report: GateReport, root: Path) -> str:
        """The report in this form.

        Args:
            report: The report.
            root: The repository's folder, absolute: paths in the text are relative to it.
        """


GATE_FORMATS: Registry[GateFormat] = Registry(
    "gate format",
    base=GateFormat,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.cards.gate",
    group="strigil.gate_formats",
)
