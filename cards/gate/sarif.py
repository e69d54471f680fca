"""SARIF 2.1.0: what code scanning shows; stable rule ids, and fingerprints that know a row again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

import strigil
from strigil.cards.gate.gate_format import GateFormat
from strigil.cards.gate.paths import is_address, relative
from strigil.common.canonical import Json, digest
from strigil.common.plain import plain_json, plain_text
from strigil.records.gate import Check, GateReport, RowFinding

RESULTS_PER_RULE: Final = 100
_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT: Final[dict[str, Json]] = {"uriBaseId": "%SRCROOT%"}
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}


class Sarif(GateFormat):
    """For code scanning."""

    name: ClassVar[str] = "sarif"

    def write(self, report: GateReport, root: Path) -> str:
        """One run."""
        failed = [check for check in report.checks if check.result in {"failed", "error"}]
        places = {check.id: place for place, check in enumerate(report.checks)}
        results = [result for check in failed for result in _results(check, report, places[check.id], root)]
        driver: dict[str, Json] = {
            "name": "strigil",
            "semanticVersion": strigil.__version__,
            "rules": [_rule(check) for check in report.checks],
        }
        notices: list[Json] = [
            {"level": "error", "message": {"text": plain_text(f"{check.id}: {check.detail}", lines=True)}}
            for check in report.checks
            if check.result == "error"
        ]
        run: dict[str, Json] = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "automationDetails": {"id": plain_text(f"strigil/{report.suite}/")},
            "invocations": [{"executionSuccessful": not notices, "toolExecutionNotifications": notices}],
            "results": results,
        }
        log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        return plain_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _rule(check: Check) -> Json:
    return {
        "id": check.id,
        "shortDescription": {"text": plain_text(f"strigil {check.kind} {check.id}")},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
    }


def _results(check: Check, report: GateReport, place: int, root: Path) -> list[Json]:
    level = "error" if check.result == "error" else _LEVELS[check.severity]
    common: dict[str, Json] = {"ruleId": check.id, "ruleIndex": place, "level": level}
    if not check.findings:
        whole: dict[str, Json] = {
            "message": {"text": plain_text(check.detail, lines=True)},
            "locations": [_location(report.data, None, root)],
            "partialFingerprints": {"strigilCheck/v1": digest([check.id, relative(report.data, root)])},
        }
        return [common | whole]
    return [
        common
        | {
            "message": {"text": _message(finding, check)},
            "locations": [_location(finding.file, finding.line, root)],
            "partialFingerprints": {"strigilRow/v1": finding.digest},
        }
        for finding in check.findings[:RESULTS_PER_RULE]
    ]


def _message(finding: RowFinding, check: Check) -> str:
    text = "" if finding.text is None else f": {finding.text}"
    return plain_text(f"row {finding.row_id}: {finding.reason}{text} ({check.detail})", lines=True)


def _location(file: str, line: int | None, root: Path) -> Json:
    path = relative(file, root)
    place: dict[str, Json] = {"uri": quote(path, safe="/:@%")} if is_address(path) else {"uri": quote(path), **_ROOT}
    physical: dict[str, Json] = {"artifactLocation": place}
    if line is not None:
        physical["region"] = {"startLine": line}
    return {"physicalLocation": physical}
