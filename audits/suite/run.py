"""Runs a suite: every rule scores every row, and only then do thresholds decide.

Rows come in batches, so that a table of any size can be audited; rules that look at more than one row keep what they
need between batches (`Rule.scorer`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.suite import ChosenRule, Suite
from strigil.audits.suite.tally import RowIds, Summary, Tally
from strigil.common.errors import DataError
from strigil.data.rows import ROWS, check_rows
from strigil.data.verdicts import VERDICTS

# What a table says where it says nothing, of columns that no rule reads; a row without a prompt index is its own.
_UNSAID = {name: pl.lit("unknown") for name in ("carrier", "teacher", "finish_reason")} | {
    name: pl.lit(0, pl.Int64) for name in ("sample_index", "n_tokens")
}


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
        executor: Where the rules score.
    """

    def __init__(self, suite: Suite, *, source: str, executor: Executor = score_here) -> None:
        self._suite = suite
        self._source = source
        self._executor = executor
        self._tally = Tally(suite)
        self._ids = RowIds()
        self._seconds = dict.fromkeys((chosen.rule.name for chosen in suite.rules), 0.0)

    def judge(self, batches: Iterable[pl.DataFrame]) -> Iterator[Judged]:
        """Scores every batch with every rule.

        Raises:
            DataError: The table has no rows, lacks a column, holds nulls or holds a row id twice.
        """
        rules = [chosen.rule for chosen in self._suite.rules]
        thresholds = [chosen.threshold for chosen in self._suite.rules]
        for scored in self._executor(rules, self._checked(batches)):
            rejected = np.stack(
                [
                    (found["score"] >= threshold).to_numpy()
                    for found, threshold in zip(scored.findings, thresholds, strict=True)
                ]
            )
            self._tally.add(scored.rows, scored.findings, rejected)
            self._ids.add(scored.rows["row_id"])
            for chosen, seconds in zip(self._suite.rules, scored.seconds, strict=bool(scored.seconds)):
                self._seconds[chosen.rule.name] += seconds
            yield Judged(self._suite, scored.rows, scored.findings, rejected)
        self._ids.check_unique(source=self._source)

    @property
    def seconds(self) -> Mapping[str, float]:
        """What each rule took until now, by its name; zeros where rules do not score in this process."""
        return self._seconds

    def summary(self) -> Summary:
        """The counts, once all batches went through `judge`."""
        return self._tally.summary()

    def _checked(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        start, read = 0, {"row_id": ""} | {name: one.rule.name for one in self._suite.rules for name in one.rule.reads}
        for rows in batches:
            check_rows(rows.schema, source=self._source)
            _check_filled(rows, read, start=start, source=self._source)
            yield rows.with_columns(
                *(pl.col(name).fill_null(value) for name, value in _UNSAID.items()),
                pl.col("prompt_index").fill_null(pl.int_range(start, start + rows.height)),
            )
            start += rows.height
        if not start:
            message = f"{self._source} has no rows: an audit of nothing would pass anything"
            raise DataError(message)


def _check_filled(rows: pl.DataFrame, read: Mapping[str, str], *, start: int, source: str) -> None:
    """Every row must have its texts and what rules read, by column; `start` rows came before this batch."""
    last = pl.element().struct.field("content")
    missing = rows.select(
        *(pl.col(name).is_null().alias(name) for name in ROWS if name in read),
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
            by = f", which the rule {read[column.name]!r} reads" if read.get(column.name) else ""
            message = f"{source}: row {start + (column.arg_max() or 0) + 1} has no {column.name}{by}"
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
