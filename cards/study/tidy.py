"""A study as one tidy table: a line for each student and figure, for whoever draws or tests it anew."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from strigil.records.study.arms import ArmRecord, RunRecord
from strigil.records.study.report import StudyReport

TIDY = pl.Schema(
    {
        "study": pl.String(),
        "arm": pl.String(),
        "kind": pl.String(),
        "label": pl.String(),
        "carrier": pl.String(),
        "trait": pl.String(),
        "base": pl.String(),
        "draw": pl.Int64(),
        "seed": pl.Int64(),
        "figure": pl.String(),
        "value": pl.Float64(),
        "mass": pl.Float64(),
        "off_topic": pl.Float64(),
        "system": pl.String(),
        "rows": pl.Int64(),
        "data": pl.String(),
        "failed": pl.String(),
    }
)


def tidy_table(report: StudyReport) -> pl.DataFrame:
    """Every student of every arm, a line a figure; one that failed has a line without a value that says why.

    Args:
        report: Of a study.

    Returns:
        A table of the schema `TIDY`; `data` is the digest of the release that the student was trained on.
    """
    return pl.DataFrame(
        [line for arm in report.arms for run in arm.runs for line in _lines(report.study, arm, run)],
        schema=TIDY,
        orient="row",
    )


def _lines(study: str, arm: ArmRecord, run: RunRecord) -> Iterator[dict[str, object]]:
    data = arm.data_of(run.draw)
    about: dict[str, object] = {
        "study": study,
        "arm": arm.name,
        "kind": arm.kind,
        "label": arm.label,
        "carrier": arm.carrier,
        "trait": arm.trait,
        "base": arm.base,
        "draw": run.draw,
        "seed": run.seed,
        "system": run.system,
        "rows": None if data is None else data.rows,
        "data": None if data is None else data.digest,
        "failed": run.failed,
    }
    if not run.rates:
        yield about
    for figure, value in run.rates.items():
        guards = {"mass": run.masses.get(figure), "off_topic": run.off_topic.get(figure)}
        yield about | {"figure": figure, "value": value} | guards
