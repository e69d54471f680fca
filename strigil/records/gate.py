"""What a gate found: the one record that every format of it is written from."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict

from strigil.data.tabular import Tabular

Kind = Literal["data", "rule", "expectation", "probe", "hazard"]
Severity = Literal["error", "warning", "info"]
FailOn = Literal["error", "warning"]
Result = Literal["passed", "failed", "error", "skipped"]

_CHECKS: Final = pl.Schema(
    {
        "check": pl.String(),
        "kind": pl.String(),
        "severity": pl.String(),
        "result": pl.String(),
        "detail": pl.String(),
        "rejected": pl.Int64(),
    }
)


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RowFinding(_Record):
    """A row that a rule rejects.

    Attributes:
        row_id: The row's id.
        digest: SHA-256 over the texts of prompt and completion: the same row in another file has the same.
        file: The file it is in, as it was named.
        row: Its place in that file, from 1.
        line: The line of the file that it begins at; None where a file has no lines to point to.
        reason: Why, in the rule's words.
        text: The completion, only where texts were asked for.
    """

    row_id: str
    digest: str
    file: str
    row: int
    line: int | None = None
    reason: str
    text: str | None = None

    @property
    def place(self) -> str:
        """`FILE:LINE`, as editors and logs know it; by the row where a file has no lines."""
        return f"{self.file}, row {self.row}" if self.line is None else f"{self.file}:{self.line}"


class Check(_Record):
    """One thing that was checked.

    Attributes:
        id: Stable name: a rule's or probe's name, an expectation with its column, a hazard with its student, or `data`.
        kind: What it is about.
        severity: What it means if it fails.
        result: `error` if it could not be found out, `skipped` if it has nothing to look at in this data.
        detail: What was found.
        rejected: Rows against it; None where it is not about rows.
        findings: The first of them.
        seconds: What it took; None where that cannot be told from the rest.
    """

    id: str
    kind: Kind
    severity: Severity
    result: Result
    detail: str
    rejected: int | None = None
    findings: list[RowFinding] = []
    seconds: float | None = None


class GateReport(Tabular, _Record):
    """The outcome of a gate.

    Attributes:
        data: What was gated, as it was named.
        suite: The suite's name.
        suite_digest: Its identity.
        rows: Rows that were judged.
        removed: Rows that at least one rule rejects, whether it may or not.
        seconds: What the gate took, reading included.
        fail_on: The least severity that fails the gate.
        baseline: What was compared with, if anything was.
        checks: Everything that was checked.
        passed: The answer.
    """

    format: Literal["strigil.gate/1"] = "strigil.gate/1"
    data: str
    suite: str
    suite_digest: str
    rows: int
    removed: int = 0
    seconds: float | None = None
    fail_on: FailOn
    baseline: str | None = None
    checks: list[Check]
    passed: bool

    @property
    def title(self) -> str:
        """Whether the gate opened, and what keeps it shut."""
        stopping = ", ".join(check.id for check in self.stopping())
        what = f"failed, {self.rows} rows ({stopping})" if stopping else f"passed, {self.rows} rows"
        return f"{self.data}, suite {self.suite}: {what}"

    def to_polars(self) -> pl.DataFrame:
        """`check, kind, severity, result, detail, rejected`."""
        return pl.DataFrame(
            [(one.id, one.kind, one.severity, one.result, one.detail, one.rejected) for one in self.checks],
            schema=_CHECKS,
            orient="row",
        )

    def left_out(self) -> list[Check]:
        """The checks that had nothing to look at in this data; `detail` says why."""
        return [check for check in self.checks if check.result == "skipped"]

    def stopping(self) -> list[Check]:
        """The checks that keep the gate shut."""
        return [check for check in self.checks if stops(check, self.fail_on)]


def stops(check: Check, fail_on: FailOn) -> bool:
    """Whether a check keeps the gate shut: an error always does, a failure by its severity."""
    serious = check.severity == "error" or (check.severity == "warning" and fail_on == "warning")
    return check.result == "error" or (check.result == "failed" and serious)


def decide(checks: list[Check], *, rows: int, fail_on: FailOn) -> bool:
    """Whether the gate opens: rows were judged by at least one rule, and nothing keeps it shut."""
    judged = any(check.kind == "rule" and check.result in {"passed", "failed"} for check in checks)
    return rows > 0 and judged and not any(stops(check, fail_on) for check in checks)
