"""Runs a suite: every rule scores every row, and only then do thresholds decide."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from strigil.audits.rule import FINDINGS
from strigil.audits.suite import ChosenRule, Suite
from strigil.core.errors import DataError
from strigil.core.rows import check_rows
from strigil.core.verdicts import VERDICTS, rejected_ids


@dataclass(frozen=True)
class RuleCount:
    """What one rule rejected; `alone` counts rows that no other rule rejected, `reasons` adds up to `rejected`."""

    rule: ChosenRule
    rejected: int
    alone: int
    reasons: dict[str, int]


@dataclass(frozen=True)
class Audit:
    """The outcome of a suite on a table of n rows: `verdicts` has n x rules lines."""

    suite: Suite
    clean: pl.DataFrame
    removed: pl.DataFrame
    verdicts: pl.DataFrame
    rules: tuple[RuleCount, ...]


def run_suite(rows: pl.DataFrame, suite: Suite, *, source: str) -> Audit:
    """Audits rows.

    Args:
        rows: A row table.
        suite: The rules.
        source: What error messages call the table.

    Raises:
        DataError: The table has no rows, lacks a column, or holds a row id twice.
    """
    check_rows(rows.schema, source=source)
    if rows.is_empty():
        message = f"{source} has no rows: an audit of nothing would pass anything"
        raise DataError(message)
    if rows["row_id"].has_nulls() or rows["row_id"].n_unique() != rows.height:
        message = f"{source}: the column 'row_id' has nulls or repeats"
        raise DataError(message)
    verdicts = pl.concat([_verdicts(rows, chosen) for chosen in suite.rules])
    removed = rejected_ids(verdicts).implode()
    return Audit(
        suite=suite,
        clean=rows.filter(~pl.col("row_id").is_in(removed)),
        removed=rows.filter(pl.col("row_id").is_in(removed)),
        verdicts=verdicts,
        rules=_counts(verdicts, suite),
    )


def _verdicts(rows: pl.DataFrame, chosen: ChosenRule) -> pl.DataFrame:
    findings = chosen.rule.score(rows)
    if findings.schema != FINDINGS or findings.height != rows.height:
        message = (
            f"rule {chosen.rule.name!r} returned {findings.height} lines of {findings.schema} for {rows.height} rows"
        )
        raise DataError(message)
    return findings.select(
        rows["row_id"],
        pl.lit(chosen.rule.name).alias("rule"),
        pl.lit(chosen.rule.version).alias("rule_version"),
        "score",
        pl.lit(chosen.threshold, dtype=pl.Float64).alias("threshold"),
        (pl.col("score") >= chosen.threshold).alias("rejected"),
        "reason",
        "evidence",
    ).cast(dict(VERDICTS))


def _counts(verdicts: pl.DataFrame, suite: Suite) -> tuple[RuleCount, ...]:
    rejected = verdicts.filter("rejected").with_columns(pl.len().over("row_id").alias("rules_against"))
    counts = []
    for chosen in suite.rules:
        own = rejected.filter(pl.col("rule") == chosen.rule.name)
        reasons = (
            own.group_by(pl.col("reason").fill_null("no reason given"))
            .len()
            .sort("len", "reason", descending=[True, False])
        )
        counts.append(
            RuleCount(
                rule=chosen,
                rejected=own.height,
                alone=own.filter(pl.col("rules_against") == 1).height,
                reasons=dict(reasons.iter_rows()),
            )
        )
    return tuple(counts)
