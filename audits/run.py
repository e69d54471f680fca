"""Runs a suite: every rule scores every row, and only then do thresholds decide.

Rows come in batches, so that a table of any size can be audited; rules that look at more than one row keep what they
need between batches (`Rule.scorer`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb

import numpy as np
import numpy.typing as npt
import polars as pl

from strigil.audits.rule import FINDINGS
from strigil.audits.suite import ChosenRule, Suite
from strigil.audits.tally import RowIds, RuleCount, Summary, Tally
from strigil.core.errors import DataError, StrigilError
from strigil.core.rows import ROWS, check_rows
from strigil.core.verdicts import VERDICTS

_NULLABLE = frozenset({"trait"})


class RuleFailedError(DataError):
    """A rule that gave no findings, or none that can be used; `rule` is its name."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Judged:
    """A batch of n rows with the findings of every rule, each n lines; `rejected` is (rules, n)."""

    suite: Suite
    rows: pl.DataFrame
    findings: list[pl.DataFrame]
    rejected: npt.NDArray[np.bool_]

    @property
    def _any_rule(self) -> pl.Series:
        return pl.Series(np.logical_or.reduce(self.rejected, axis=0))

    @property
    def clean(self) -> pl.DataFrame:
        """Rows that no rule rejects."""
        return self.rows.filter(~self._any_rule)

    @property
    def removed(self) -> pl.DataFrame:
        """Rows that at least one rule rejects."""
        return self.rows.filter(self._any_rule)

    def verdicts(self) -> pl.DataFrame:
        """The verdict table of the batch, n x rules lines."""
        return pl.concat(
            [
                _verdicts(self.rows["row_id"], chosen, found, pl.Series("rejected", against))
                for chosen, found, against in zip(self.suite.rules, self.findings, self.rejected, strict=True)
            ]
        )


class Run:
    """One pass of a suite over a table.

    Args:
        suite: The rules.
        source: What error messages call the table.
    """

    def __init__(self, suite: Suite, *, source: str) -> None:
        self._suite = suite
        self._source = source
        self._scorers = [chosen.rule.scorer() for chosen in suite.rules]
        self._tally = Tally(suite)
        self._ids = RowIds()

    def judge(self, batches: Iterable[pl.DataFrame]) -> Iterator[Judged]:
        """Scores every batch with every rule.

        Raises:
            DataError: The table has no rows, lacks a column, holds nulls or holds a row id twice.
        """
        start = 0
        for rows in batches:
            check_rows(rows.schema, source=self._source)
            _check_filled(rows, start=start, source=self._source)
            findings = [self._score(place, rows) for place in range(len(self._scorers))]
            rejected = np.stack(
                [
                    (found["score"] >= chosen.threshold).to_numpy()
                    for found, chosen in zip(findings, self._suite.rules, strict=True)
                ]
            )
            self._tally.add(rows, findings, rejected)
            self._ids.add(rows["row_id"])
            start += rows.height
            yield Judged(self._suite, rows, findings, rejected)
        if not start:
            message = f"{self._source} has no rows: an audit of nothing would pass anything"
            raise DataError(message)
        self._ids.check_unique(source=self._source)

    def summary(self) -> Summary:
        """The counts, once all batches went through `judge`."""
        return self._tally.summary()

    def _score(self, place: int, rows: pl.DataFrame) -> pl.DataFrame:
        name = self._suite.rules[place].rule.name
        try:
            found = self._scorers[place](rows)
        except StrigilError:
            raise
        except Exception as error:  # rules come from anybody, and whatever one raises is about that rule
            last = extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}, line {last.lineno}"
            message = f"rule {name!r} crashed: {type(error).__name__} in {where}"
            raise RuleFailedError(name, message) from error
        if found.schema != FINDINGS or found.height != rows.height:
            message = f"rule {name!r} returned {found.height} lines of {found.schema} for {rows.height} rows"
            raise RuleFailedError(name, message)
        if not found["score"].is_finite().all() or found["score"].has_nulls():
            message = f"rule {name!r} gave rows no score, and every rule scores every row"
            raise RuleFailedError(name, message)
        return found


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
    """Audits rows that fit in memory.

    Args:
        rows: A row table.
        suite: The rules.
        source: What error messages call the table.

    Raises:
        DataError: As for `Run.judge`.
    """
    run = Run(suite, source=source)
    judged = list(run.judge([] if rows.is_empty() else [rows]))
    return Audit(suite, judged[0].clean, judged[0].removed, judged[0].verdicts(), run.summary())


def _check_filled(rows: pl.DataFrame, *, start: int, source: str) -> None:
    """Every row must have all that the rules read; `start` rows came before this batch."""
    last = pl.element().struct.field("content")
    missing = rows.select(
        *(pl.col(name).is_null().alias(name) for name in ROWS if name not in _NULLABLE),
        *(
            (pl.col(name).list.len().fill_null(0) == 0)
            .or_(pl.col(name).list.eval(last.is_null()).list.any())
            .fill_null(value=True)
            .alias(f"{name}'s text")
            for name in ("prompt", "completion")
        ),
    )
    for column in missing:
        if column.any():
            message = f"{source}: row {start + (column.arg_max() or 0) + 1} has no {column.name}"
            raise DataError(message, hint=f"{int(column.sum())} rows of this batch have none; leave them out")


def _verdicts(ids: pl.Series, chosen: ChosenRule, found: pl.DataFrame, rejected: pl.Series) -> pl.DataFrame:
    return found.select(
        ids,
        pl.lit(chosen.rule.name).alias("rule"),
        pl.lit(chosen.rule.version).alias("rule_version"),
        "score",
        pl.lit(chosen.threshold, dtype=pl.Float64).alias("threshold"),
        rejected,
        "reason",
        "evidence",
    ).cast(VERDICTS)
