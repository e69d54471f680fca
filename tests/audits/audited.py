"""A suite on a table that is in memory, for tests that look at what it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.audits.suite.run import Run
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RuleCount, Summary

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Audit:
    """The outcome of a suite on a table of n rows in memory: `verdicts` has n x rules lines."""

    suite: Suite
    clean: pl.DataFrame
    removed: pl.DataFrame
    verdicts: pl.DataFrame
    summary: Summary

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """What each rule rejected."""
        return self.summary.rules


def run_suite(rows: pl.DataFrame, suite: Suite, *, source: str) -> Audit:
    """Audits rows in one batch."""
    run = Run(suite, source=source)
    judged = list(run.judge([] if rows.is_empty() else [rows]))
    return Audit(suite, judged[0].clean, judged[0].removed, judged[0].verdicts(), run.summary())
