"""What a gate measures: every rule that applies on every row, the first rows against each, and the expectations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from strigil.audits.suite.executors import RuleFailedError
from strigil.audits.suite.expectations import Expectations, Outcome
from strigil.audits.suite.run import Judged, Run
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RuleCount
from strigil.data.coerce import Shape, as_rows, plain_id, shape_of, text_digests
from strigil.data.readers import Table
from strigil.data.rows import ROWS, completion_text
from strigil.data.streams import iter_batches
from strigil.records.gate import RowFinding
from strigil.workflows.release.audit_rows import TableFiles

FINDINGS_PER_RULE: Final = 100


@dataclass(frozen=True)
class Measured:
    """The outcome.

    Attributes:
        rows: Rows that were judged; 0 if no rule could.
        rules: What each rule found.
        findings: The first rows against each rule, by its name.
        skipped: Why a rule had nothing to look at, by its name.
        crashed: What went wrong with a rule, by its name.
        outcomes: What became of the expectations.
    """

    rows: int = 0
    rules: tuple[RuleCount, ...] = ()
    findings: dict[str, list[RowFinding]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where a batch comes from; `start` rows of the file came before it."""

    file: str
    start: int


def measure(tables: Sequence[Table], suite: Suite, *, source: str, show_text: bool) -> Measured:
    """Measures tables of the same columns as one data set; a rule that crashes is left out, and the rest goes on.

    Raises:
        DataError: The rows cannot be read or used, or there are none.
    """
    schema = tables[0].frame.collect_schema()
    shape = shape_of(schema, source=source)
    skipped = _skipped(suite, schema, shape)
    crashed: dict[str, str] = {}
    while applicable := tuple(c for c in suite.rules if c.rule.name not in skipped | crashed):
        try:
            measured = _measure(tables, shape, replace(suite, rules=applicable), source=source, show_text=show_text)
        except RuleFailedError as error:
            crashed[error.rule] = error.message
        else:
            return replace(measured, skipped=skipped, crashed=crashed)
    return Measured(skipped=skipped, crashed=crashed)


def _skipped(suite: Suite, schema: pl.Schema, shape: Shape) -> dict[str, str]:
    skipped = {}
    for chosen in suite.rules:
        needed = {*chosen.rule.reads, *chosen.rule.example_columns}
        missing = sorted(name for name in needed if name in shape.absent or (name not in schema and name not in ROWS))
        if missing:
            skipped[chosen.rule.name] = f"the data has no column {', '.join(map(repr, missing))}"
    return skipped


def _measure(tables: Sequence[Table], shape: Shape, suite: Suite, *, source: str, show_text: bool) -> Measured:
    expectations = Expectations.prepare(suite.expectations)
    run = Run(suite, source=source)
    places: list[_Place] = []
    findings: dict[str, list[RowFinding]] = {chosen.rule.name: [] for chosen in suite.rules}
    with ExitStack() as stack:
        files = None
        if suite.expectations:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="strigil-")))
            files = stack.enter_context(TableFiles(folder, _row_schema(tables[0], shape)))
        for judged in run.judge(_batches(tables, shape, places)):
            if files is not None:
                files.write(judged)
            _collect(judged, places[-1], findings, show_text=show_text)
        outcomes = expectations.check(files.close()) if files is not None else ()
    summary = run.summary()
    return Measured(rows=summary.rows, rules=summary.rules, findings=findings, outcomes=outcomes)


def _batches(tables: Sequence[Table], shape: Shape, places: list[_Place]) -> Iterator[pl.DataFrame]:
    total = 0
    for table in tables:
        start = 0
        for batch in iter_batches(table.frame, source=table.name):
            if batch.is_empty():
                continue
            places.append(_Place(table.name, start))
            yield as_rows(batch, shape, start=total)
            start += batch.height
            total += batch.height


def _row_schema(table: Table, shape: Shape) -> pl.Schema:
    schema = as_rows(table.frame.head(1).collect(), shape, start=0).schema
    return pl.Schema({name: pl.String() if kind == pl.Null else kind for name, kind in schema.items()})


def _collect(judged: Judged, place: _Place, findings: dict[str, list[RowFinding]], *, show_text: bool) -> None:
    for chosen, found, rejected in zip(judged.suite.rules, judged.findings, judged.rejected, strict=True):
        wanted = FINDINGS_PER_RULE - len(findings[chosen.rule.name])
        against = pl.Series(rejected).arg_true().head(wanted)
        rows = judged.rows.select(pl.all().gather(against))
        texts = rows.select(completion_text()).to_series()
        named = zip(against, rows["row_id"], text_digests(rows), found["reason"].gather(against), texts, strict=True)
        findings[chosen.rule.name] += [
            RowFinding(
                row_id=plain_id(row_id, digest),
                digest=digest,
                file=place.file,
                row=place.start + index + 1,
                reason=reason or "no reason given",
                text=text if show_text else None,
            )
            for index, row_id, digest, reason, text in named
        ]
