"""What a manifest keeps of an audit: the suite, and what each rule and expectation of it found."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from strigil.common.lean import Lean
from strigil.common.registry import UnitSpec


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleRecord(_Record):
    """One rule of the suite, with the threshold that was in force and what it rejected.

    Attributes:
        alone: Rows that it rejected and no other rule did.
        scores: Quantiles of its scores over all rows, "0" (the lowest) to "1", to three significant digits.
        cautions: What must be known before its verdicts are trusted.
        harm: Whether rows that it rejects may hurt somebody; None in releases that do not say.
    """

    rule: UnitSpec
    threshold: float
    rejected: int
    alone: int
    reasons: dict[str, int]
    scores: dict[str, float] = {}
    cautions: list[str] = []
    harm: bool | None = None


class OverlapRecord(_Record):
    """Rows that two rules both rejected."""

    first: str
    second: str
    rows: int


class ExpectationRecord(_Record):
    """One expectation about a table, and what became of it.

    Attributes:
        result: `failed` if the table does not meet it, `error` if that could not be found out.
        detail: What was found instead; None where it passed.
        unexpected: Number of lines that do not meet it, where it is about lines.
        row_ids: The first of them.
        judged: Number of values that it was judged by; None in releases that do not say.
    """

    expectation: str
    table: Literal["clean", "removed", "verdicts"]
    args: dict[str, object]
    severity: Literal["critical", "warning", "info"]
    result: Literal["passed", "failed", "error"]
    detail: str | None
    unexpected: int | None
    row_ids: list[str]
    judged: int | None = None


class AuditRecord(Lean, _Record):
    """The suite that split raw rows into clean and removed ones, and what it found.

    Attributes:
        skipped: Why a rule of the suite judged nothing, by its name.
        unfit: Rows that were left out before any rule saw them, since nobody can judge them, by what is wrong.
    """

    newer: ClassVar[tuple[str, ...]] = ("unfit",)

    suite: str
    suite_digest: str
    rules: list[RuleRecord]
    skipped: dict[str, str] = {}
    overlaps: list[OverlapRecord] = []
    expectations: list[ExpectationRecord] = []
    unfit: dict[str, int] = {}
