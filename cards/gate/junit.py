"""JUnit XML: the suite as test suite, each check as test case, failure and error apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from strigil.cards.gate.gate_format import GateFormat
from strigil.common.plain import plain_text
from strigil.records.gate import Check, GateReport, stops

if TYPE_CHECKING:
    from junitparser import TestCase

# What XML 1.0 has no place for, not even escaped.
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JunitXml(GateFormat):
    """For test reports of continuous integration; a warning that does not stop the gate is a passed case."""

    name: ClassVar[str] = "junit"

    def write(self, report: GateReport, root: Path) -> str:
        """One document."""
        from junitparser import JUnitXml, TestSuite

        suite = TestSuite(_text(report.suite))
        for name, value in {"data": report.data, "rows": str(report.rows), "suite_digest": report.suite_digest}.items():
            suite.add_property(name, _text(value))
        suite.add_testcases([_case(check, report) for check in report.checks])
        suite.update_statistics()  # type: ignore[no-untyped-call]
        # Reading, and what is asked of all rows at once, is no single check's.
        suite.time = report.seconds if report.seconds is not None else suite.time
        whole = JUnitXml("strigil gate")
        whole.add_testsuite(suite)
        # Not by update_statistics: the common schemas know no `skipped` of all suites together.
        whole.tests, whole.failures, whole.errors, whole.time = suite.tests, suite.failures, suite.errors, suite.time
        return str(whole.tostring().decode()) + "\n"  # type: ignore[no-untyped-call]


def _case(check: Check, report: GateReport) -> TestCase:
    from junitparser import Error, Failure, Skipped, TestCase

    case = TestCase(_text(check.id), f"strigil.{check.kind}", check.seconds or 0.0)
    if check.result == "skipped":
        case.result = [Skipped(_text(check.detail))]
    elif stops(check, report.fail_on):
        kind = Error if check.result == "error" else Failure
        case.result = [kind(_text(check.detail), check.severity)]
        case.result[0].text = _text("\n".join(_lines(check)))
    else:
        case.system_out = _text("\n".join([f"{check.result}: {check.detail}", *_lines(check)]))
    return case


def _lines(check: Check) -> list[str]:
    return [
        f"{finding.place} {finding.row_id} {finding.reason}" + ("" if finding.text is None else f": {finding.text}")
        for finding in check.findings
    ]


def _text(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", plain_text(text, lines=True))
