"""What a rule is: it scores every row, and says for each why it would be rejected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

import polars as pl

from strigil.common.registry import Registry, Unit
from strigil.data.lines import LONGEST_LINE

FINDINGS = pl.Schema({"score": pl.Float64, "reason": pl.String, "evidence": pl.String})


class Rule(Unit, ABC):
    """A score for every row; a row is rejected where its score reaches the threshold.

    Scores and thresholds are kept apart, so that another threshold never scores again.

    Attributes:
        threshold: The default threshold; a suite may set another.
        highest: No score is higher: a threshold above it would reject nothing. Counts have no end but a row's.
        good: Completions that the rule must keep; each becomes a test.
        bad: Completions that the rule must reject, with the reason it must give; each becomes a test.
        compares_rows: Whether a row's score depends on earlier rows: one scorer must then see the whole table in order.
        harm: Whether rows that it rejects may hurt somebody who reads them, or who trains on them: they are hidden in
            reports, and whoever wants them has to ask for access.
        looks_at: What of a row's texts it reads, for docs.
        reads: Columns that it reads besides prompt and completion; without them it has nothing to look at.
        example_args: Arguments that the examples are tried with, where the defaults need more than this machine has.
        example_columns: Further columns that the examples' rows need, with the value in each row.
    """

    threshold: ClassVar[float] = 1.0
    highest: ClassVar[float] = float(LONGEST_LINE)
    good: ClassVar[tuple[str, ...]] = ()
    bad: ClassVar[Mapping[str, str]] = {}
    compares_rows: ClassVar[bool] = False
    harm: ClassVar[bool] = False
    looks_at: ClassVar[str] = "the last completion"
    reads: ClassVar[frozenset[str]] = frozenset()
    example_args: ClassVar[Mapping[str, object]] = {}
    example_columns: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows.

        Args:
            rows: Row table (`strigil.data.rows.ROWS`, further columns possible), n rows.

        Returns:
            n rows in the same order with the columns `score` (higher is worse), `reason` (null where there is nothing
            to say) and `evidence` (the offending piece of text, or null): the schema `FINDINGS`.
        """

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """A scorer for one run over many batches: a rule keeps in it what it loads, or the rows that it compares."""
        return self.score

    def cautions(self) -> tuple[str, ...]:
        """What a user must know before trusting this rule's verdicts; told before it runs, and kept in the manifest."""
        return ()


RULES: Registry[Rule] = Registry("rule", base=Rule, package="strigil.audits.rules", group="strigil.rules")  # type: ignore[type-abstract]  # a registry holds subclasses
