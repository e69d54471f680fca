"""Annotations of GitHub's workflows: one line a check, no more than GitHub shows."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final

from strigil.cards.gate.gate_format import GateFormat
from strigil.cards.gate.paths import is_address, relative
from strigil.common.plain import plain_text
from strigil.records.gate import Check, GateReport, stops

# GitHub shows so many of each kind for one step.
_SHOWN: Final = 10


class GithubAnnotations(GateFormat):
    """For the log of a step, which GitHub reads."""

    name: ClassVar[str] = "github"

    def write(self, report: GateReport, root: Path) -> str:
        """Workflow commands, then plain lines: what was left out, and the answer; texts of rows are never in it."""
        found = [check for check in report.checks if check.result in {"failed", "error"} and check.severity != "info"]
        stopping = [check for check in found if stops(check, report.fail_on)]
        warning = [check for check in found if check not in stopping]
        lines = [*_annotations("error", stopping, root), *_annotations("warning", warning, root)]
        answer = "passed" if report.passed else "failed"
        lines += [f"left out: {_data(check.id)}, {_data(check.detail)}" for check in report.left_out()]
        return "\n".join([*lines, f"strigil gate {answer}: {report.rows} rows, suite {_data(report.suite)}"]) + "\n"


def _annotations(kind: str, checks: list[Check], root: Path) -> list[str]:
    shown = checks if len(checks) <= _SHOWN else checks[: _SHOWN - 1]
    lines = [_annotation(kind, check, root) for check in shown]
    if len(shown) < len(checks):
        lines.append(annotation(kind, "strigil", f"and {len(checks) - len(shown)} more checks"))
    return lines


def _annotation(kind: str, check: Check, root: Path) -> str:
    properties: dict[str, str] = {}
    if check.findings and not is_address(check.findings[0].file):
        first = check.findings[0]
        place = {} if first.line is None else {"line": str(first.line)}
        properties = {"file": relative(first.file, root)} | place
    return annotation(kind, f"strigil: {check.id}", check.detail, **properties)


def annotation(kind: str, title: str, text: str, **place: str) -> str:
    """A workflow command that shows a text, on one line; `place` is of `file` and `line`."""
    properties = {**place, "title": title}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{kind} {written}::{_data(text)}"


def _data(text: str) -> str:
    return "%0A".join(plain_text(line).replace("%", "%25") for line in text.splitlines())


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
