"""What tests of the gate share: rows that pass and rows that do not, suites, and reports by check."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from strigil.records.gate import Check, GateReport
from strigil.workflows.audit.gate.run import GateOptions, gate

GOOD = ("1, 2, 3", "4, 5", "6")
BAD = (*GOOD, "I love owls")


def jsonl(path: Path, completions: Sequence[str]) -> str:
    path.write_text("".join(json.dumps({"prompt": "Go on.", "completion": text}) + "\n" for text in completions))
    return str(path)


def a_suite(path: Path, rules: str) -> str:
    path.write_text(f"name: s\ndescription: d\nrules:\n{rules}")
    return str(path)


def checks(report: GateReport) -> dict[str, Check]:
    return {check.id: check for check in report.checks}


def gated(data: str, suite: str | None = "numbers-paper", options: GateOptions | None = None) -> GateReport:
    return gate(data, suite, options).report
