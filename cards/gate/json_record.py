"""JSON: the record itself, as `strigil schemas` describes it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from strigil.cards.gate.gate_format import GateFormat
from strigil.common.plain import plain_json
from strigil.records.gate import GateReport


class JsonRecord(GateFormat):
    """All of the report, texts of rows included where the gate was told to show them."""

    name: ClassVar[str] = "json"

    def write(self, report: GateReport, root: Path) -> str:
        """One object."""
        return plain_json(report.model_dump_json(indent=2)) + "\n"
