"""JUnit XML: the suite as test suite, each check as test case, failure and error apart."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from strigil.records.gate import Check, GateReport, stops

# What XML 1.0 has no place for, not even escaped.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: GateReport) -> str:
    """The report as JUnit XML; a warning that does not stop the gate is a passed case that says so."""
    cases = [_case(check, report) for check in report.checks]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    totals = {name: str(count) for name, count in counts.items()}
    root = Element("testsuites", {"name": "strigil gate"} | totals)
    suite = SubElement(root, "testsuite", {"name": _text(report.suite)} | totals)
    properties = SubElement(suite, "properties")
    for name, value in {"data": report.data, "rows": str(report.rows), "suite_digest": report.suite_digest}.items():
        SubElement(properties, "property", {"name": name, "value": _text(value)})
    suite.extend(cases)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(check: Check, report: GateReport) -> Element:
    case = Element("testcase", {"classname": f"strigil.{check.kind}", "name": _text(check.id)})
    if check.result == "skipped":
        SubElement(case, "skipped", {"message": _text(check.detail)})
    elif stops(check, report.fail_on):
        kind = "error" if check.result == "error" else "failure"
        element = SubElement(case, kind, {"message": _text(check.detail), "type": check.severity})
        element.text = _text("\n".join(_lines(check)))
    else:
        SubElement(case, "system-out").text = _text("\n".join([f"{check.result}: {check.detail}", *_lines(check)]))
    return case


def _lines(check: Check) -> list[str]:
    return [
        f"{finding.file}:{finding.row} {finding.row_id} {finding.reason}"
        + ("" if finding.text is None else f": {finding.text}")
        for finding in check.findings
    ]


def _text(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
