"""A suite over a table of any size: batch by batch, into tables on disk if they are wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import polars as pl

from strigil.audits.suite.applicable import Applicable, applicable
from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.expectations import Outcome
from strigil.audits.suite.run import Judged, Run
from strigil.audits.suite.suite import Suite, TableName
from strigil.audits.suite.tally import RowIds, Summary
from strigil.common.errors import DataError
from strigil.common.progress import Reporter
from strigil.data.form import Form, stored
from strigil.data.rows import check_rows
from strigil.data.streams import SHARD_ROWS, ShardedSink, count_rows, iter_batches
from strigil.data.unfit import Unfit, counted
from strigil.data.verdicts import VERDICTS
from strigil.releases.audit_record import AuditRecord, ExpectationRecord, OverlapRecord, RuleRecord
from strigil.releases.manifest import Counts


@dataclass(frozen=True)
class Audited:
    """What the rules found; `ids` are those of the clean rows."""

    summary: Summary
    ids: RowIds


TABLES: Final = ("data/raw", "data/clean", "data/removed", "verdicts")


class TableFiles:
    """The tables of an audit below a folder, in files of bounded length, there only when `close` was called.

    Args:
        folder: A release's folder, or any other.
        schema: Of the raw rows.
        form: That they are written in.
        run: The run's id, kept in each file's own metadata.
        shard_rows: Most rows of a file.
        tables: Which of them.
    """

    def __init__(
        self,
        folder: Path,
        schema: pl.Schema,
        *,
        form: Form,
        run: str = "",
        shard_rows: int = SHARD_ROWS,
        tables: Sequence[str] = TABLES,
    ) -> None:
        self._folder = folder
        self._metadata = {"strigil.run": run}
        self._shard_rows = shard_rows
        schema = stored(schema.to_frame()).schema
        self._form = form
        # Where one of them cannot be begun, those before it leave nothing.
        with ExitStack() as stack:
            self._sinks = {
                table: stack.enter_context(self._sink(table, VERDICTS if table == "verdicts" else schema))
                for table in tables
            }
            # Entered last, so that it is through with a batch before the sinks are closed.
            self._writer = stack.enter_context(ThreadPoolExecutor(1))
            self._stack = stack.pop_all()
        self._written: Future[None] | None = None

    def write(self, judged: Judged) -> None:
        """Appends a batch to each table, while whoever calls judges the next one."""
        self._wait()
        self._written = self._writer.submit(self._append, judged)

    def close(self) -> dict[TableName, pl.LazyFrame]:
        """Completes the tables, and returns those that expectations can be about."""
        self._wait()
        for sink in self._sinks.values():
            sink.close()
        paths: dict[TableName, str] = {"clean": "data/clean", "removed": "data/removed"}
        scans = {name: pl.scan_parquet(self._folder / path / "*.parquet") for name, path in paths.items()}
        rows = {name: self._form.rows(table, source=name) for name, table in scans.items()}
        return {**rows, "verdicts": pl.scan_parquet(self._folder / "verdicts" / "*.parquet")}

    def _wait(self) -> None:
        if self._written is not None:
            self._written.result()

    def _append(self, judged: Judged) -> None:
        rows = {"data/raw": judged.rows, "data/clean": judged.clean, "data/removed": judged.removed}
        for table, sink in self._sinks.items():
            sink.write(judged.verdicts() if table == "verdicts" else stored(rows[table]))

    def _sink(self, table: str, schema: pl.Schema) -> ShardedSink:
        return ShardedSink(self._folder / table, schema, self._metadata, rows=self._shard_rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def judgeable(
    suite: Suite, raw: pl.LazyFrame, absent: Collection[str], reporter: Reporter, *, source: str
) -> Applicable:
    """The rules that have something to look at in raw rows; of each other one the user is told why.

    Raises:
        DataError: These are no rows, or no rule can judge them.
    """
    schema = raw.collect_schema()
    check_rows(schema, source=source)
    found = applicable(suite, schema, absent)
    if not found.suite.rules:
        message = f"no rule of the suite {suite.name!r} can judge {source}: {next(iter(found.skipped.values()))}"
        raise DataError(message, hint="choose another suite")
    for name, why in found.skipped.items():
        reporter.note(f"{name} judges nothing: {why}")
    return found


def judge(
    raw: pl.LazyFrame,
    suite: Suite,
    files: TableFiles | None,
    *,
    source: str,
    reporter: Reporter,
    executor: Executor = score_here,
) -> Audited:
    """Every rule of the suite on every row.

    Raises:
        DataError: The rows cannot be read or used, or there are none.
    """
    for chosen in suite.rules:
        for caution in chosen.rule.cautions():
            reporter.note(caution)
    run = Run(suite, source=source, executor=executor)
    ids = RowIds()
    total = count_rows(raw, source=source)
    seen = 0
    with reporter.task(f"Auditing with {suite.name}", total) as done:
        for judged in run.judge(iter_batches(raw, source=source)):
            if files is not None:
                files.write(judged)
            ids.add(judged.clean["row_id"])
            seen += judged.rows.height
            done(seen)
    return Audited(run.summary(), ids)


def counts(summary: Summary) -> Counts:
    """Rows in and out."""
    return Counts(raw=summary.rows, clean=summary.clean, removed=summary.removed, truncated=summary.truncated)


def audit_record(
    suite: Suite,
    skipped: dict[str, str],
    summary: Summary,
    outcomes: tuple[Outcome, ...],
    *,
    unfit: Sequence[Unfit] = (),
) -> AuditRecord:
    """What a manifest keeps of an audit with a suite, of which some rules were skipped, and of rows left out before."""
    return AuditRecord(
        suite=suite.name,
        suite_digest=suite.digest,
        skipped=skipped,
        unfit=counted(unfit),
        rules=[
            RuleRecord(
                rule=count.rule.rule.spec(),
                threshold=count.rule.threshold,
                rejected=count.rejected,
                alone=count.alone,
                reasons=count.reasons,
                scores=count.scores,
                cautions=list(count.rule.rule.cautions()),
                harm=count.rule.rule.harm,
            )
            for count in summary.rules
        ],
        overlaps=[OverlapRecord(first=pair.first, second=pair.second, rows=pair.rows) for pair in summary.overlaps],
        expectations=[
            ExpectationRecord(
                **outcome.choice.model_dump(exclude={"allow"}),
                result=outcome.result,
                detail=outcome.detail,
                unexpected=outcome.unexpected,
                row_ids=list(outcome.row_ids),
                judged=outcome.judged,
            )
            for outcome in outcomes
        ],
    )
