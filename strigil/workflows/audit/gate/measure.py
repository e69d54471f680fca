"""What a gate measures: every rule that applies on every row, the first rows against each, and the expectations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Final

import polars as pl

from strigil.audits.suite.applicable import applicable
from strigil.audits.suite.executors import RuleFailedError
from strigil.audits.suite.expectations import Expectations, Outcome
from strigil.audits.suite.run import Judged, Run
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RuleCount
from strigil.common.scratch import scratch_folder
from strigil.data.coerce import plain_id, text_digests
from strigil.data.formats.line_numbers import line_numbers
from strigil.data.hidden import unwritten
from strigil.data.readers import Table
from strigil.data.rows import completion_text
from strigil.data.streams import iter_batches
from strigil.records.gate import RowFinding
from strigil.sources.open_rows import RowSource
from strigil.workflows.release.audit_rows import TableFiles

FINDINGS_PER_RULE: Final = 100


@dataclass(frozen=True)
class Measured:
    """The outcome.

    Attributes:
        rows: Rows that were judged; 0 if no rule could.
        removed: Rows that at least one rule rejects.
        rules: What each rule found.
        findings: The first rows against each rule, by its name.
        skipped: Why a rule had nothing to look at, by its name.
        crashed: What went wrong with a rule, by its name.
        outcomes: What became of the expectations.
        seconds: What each rule took, by its name.
    """

    rows: int = 0
    removed: int = 0
    rules: tuple[RuleCount, ...] = ()
    findings: dict[str, list[RowFinding]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    crashed: dict[str, str] = field(default_factory=dict)
    outcomes: tuple[Outcome, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Place:
    """Where a batch comes from; `start` rows of the file came before it."""

    file: str
    start: int


def measure(source: RowSource, suite: Suite, *, show_text: bool) -> Measured:
    """Measures rows; a rule that crashes is left out, and the rest goes on.

    Raises:
        DataError: The rows cannot be read or used, or there are none.
    """
    found = applicable(suite, source.schema, source.absent)
    skipped, crashed = found.skipped, dict[str, str]()
    while rules := tuple(chosen for chosen in found.suite.rules if chosen.rule.name not in crashed):
        try:
            measured = _measure(source, replace(suite, rules=rules), show_text=show_text)
        except RuleFailedError as error:
            crashed[error.rule] = error.message
        else:
            against = _with_lines(source, measured.findings)
            return replace(measured, findings=against, skipped=skipped, crashed=crashed)
    return Measured(skipped=skipped, crashed=crashed)


def _measure(source: RowSource, suite: Suite, *, show_text: bool) -> Measured:
    expectations = Expectations.prepare(suite.expectations)
    run = Run(suite, source=source.address)
    places: list[_Place] = []
    findings: dict[str, list[RowFinding]] = {chosen.rule.name: [] for chosen in suite.rules}
    with ExitStack() as stack:
        files = None
        if suite.expectations:
            folder = stack.enter_context(scratch_folder())
            files = stack.enter_context(TableFiles(folder, source.schema, form=source.form))
        tables = (
            source.tables if files is not None else [replace(one, frame=unwritten(one.frame)) for one in source.tables]
        )
        for judged in run.judge(_batches(tables, places)):
            if files is not None:
                files.write(judged)
            _collect(judged, places[-1], findings, show_text=show_text)
        outcomes = expectations.check(files.close()) if files is not None else ()
    summary = run.summary()
    return Measured(
        rows=summary.rows,
        removed=summary.removed,
        rules=summary.rules,
        findings=findings,
        outcomes=outcomes,
        seconds=run.seconds,
    )


def _batches(tables: Iterable[Table], places: list[_Place]) -> Iterator[pl.DataFrame]:
    for table in tables:
        start = 0
        for batch in iter_batches(table.frame, source=table.name):
            if batch.is_empty():
                continue
            places.append(_Place(table.name, start))
            yield batch
            start += batch.height


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


def _with_lines(source: RowSource, findings: dict[str, list[RowFinding]]) -> dict[str, list[RowFinding]]:
    """The findings with the lines of their files, which are looked up once for all rules."""
    rows: dict[str, set[int]] = {}
    for finding in (finding for against in findings.values() for finding in against):
        rows.setdefault(finding.file, set()).add(finding.row)
    lines = {file.name: line_numbers(file.path, rows.get(file.name, set())) for file in source.files}
    return {
        rule: [one.model_copy(update={"line": lines[one.file].get(one.row)}) for one in against]
        for rule, against in findings.items()
    }
