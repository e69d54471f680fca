"""Markdown: the summary of a step, or a comment on a pull request."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Final

from strigil.cards.gate.gate_format import GateFormat
from strigil.common.plain import plain_text
from strigil.records.gate import Check, GateReport, stops

_ROWS: Final = 10
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#|~!])")


class Markdown(GateFormat):
    """For the summary of a step."""

    name: ClassVar[str] = "markdown"

    def write(self, report: GateReport, root: Path) -> str:
        """The answer, every check, and the first rows against those that failed."""
        title = "Gate passed" if report.passed else "Gate failed"
        what = f"{report.rows} rows of {_plain(report.data)}, suite {_plain(report.suite)}"
        compared = "" if report.baseline is None else f", compared with {_plain(report.baseline)}"
        lines = [f"## {title}", "", f"{what}{compared}; fails on {report.fail_on}.", ""]
        lines += ["| check | severity | result | what was found |", "| --- | --- | --- | --- |"]
        lines += [
            f"| {_plain(check.id)} | {check.severity} | {_result(check, report)} | {_plain(check.detail)} |"
            for check in report.checks
        ]
        if left_out := report.left_out():
            which = "; ".join(f"{_plain(check.id)} ({_plain(check.detail)})" for check in left_out)
            lines += ["", f"Left out, so nothing is known by these: {which}."]
        for check in report.checks:
            if check.result == "failed" and check.findings:
                lines += ["", *_details(check)]
        return "\n".join(lines) + "\n"


def _result(check: Check, report: GateReport) -> str:
    return f"**{check.result}**" if stops(check, report.fail_on) else check.result


def _details(check: Check) -> list[str]:
    shown = check.findings[:_ROWS]
    head = f"<details><summary>{_plain(check.id)}: {len(shown)} of {check.rejected} rows</summary>"
    return [
        head,
        "",
        *(
            f"- {_plain(finding.file)}, row {finding.row}: {_plain(finding.row_id)}, {_plain(finding.reason)}"
            + ("" if finding.text is None else f": {_plain(finding.text)}")
            for finding in shown
        ),
        "",
        "</details>",
    ]


def _plain(text: str) -> str:
    """Text that Markdown and HTML leave as it is, on one line."""
    whole = plain_text(" ".join(text.split())).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", whole)
