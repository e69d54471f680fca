"""`strigil audit`: a suite over rows from anywhere; the outcome can become a release of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

import strigil
from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import Suite
from strigil.cards.report.page import report_page
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder
from strigil.data.formats.writing import write_table
from strigil.data.hidden import unwritten
from strigil.data.streams import iter_batches
from strigil.releases.manifest import AuditRecord, Counts, Origin
from strigil.releases.store import Draft, Release, open_release, versions
from strigil.sources.open_rows import RowSource
from strigil.workflows.release.audit_rows import TableFiles, audit_record, counts, judge, judgeable
from strigil.workflows.release.origin import origin_of
from strigil.workflows.release.report import reported
from strigil.workflows.release.write import Contents, write_release


@dataclass(frozen=True)
class Report:
    """What an audit found."""

    counts: Counts
    audit: AuditRecord


def audit(
    rows: RowSource,
    suite: Suite,
    reporter: Reporter,
    *,
    data_docs: Path | None = None,
    report: Path | None = None,
    write: Path | None = None,
    executor: Executor = score_here,
) -> Report:
    """Audits without leaving anything behind but what places are given for: Data Docs, HTML report, the clean rows.

    Raises:
        ConfigError: A file cannot be written.
        DataError: The rows cannot be used.
    """
    expectations = Expectations.prepare(suite.expectations)
    source, raw = rows.address, rows.frame
    chosen = judgeable(suite, raw, rows.absent, reporter, source=source)
    if not suite.expectations and report is None and write is None:
        summary = judge(unwritten(raw), chosen.suite, None, source=source, reporter=reporter, executor=executor).summary
        return Report(counts(summary), audit_record(suite, chosen.skipped, summary, ()))
    with scratch_folder() as folder, TableFiles(folder, rows.schema, form=rows.form) as files:
        summary = judge(raw, chosen.suite, files, source=source, reporter=reporter, executor=executor).summary
        outcomes = expectations.check(files.close(), data_docs=data_docs)
        if write is not None:
            write_table(rows.as_came(pl.scan_parquet(Path(folder) / "data" / "clean" / "*.parquet")), write)
        found = Report(counts(summary), audit_record(suite, chosen.skipped, summary, outcomes))
        if report is not None:
            about = reported(folder, name=rows.name, counts=found.counts, audit=found.audit, form=rows.form)
            write_out(report, report_page(about))
    return found


def release_audit(
    rows: RowSource,
    suite: Suite,
    out: Path,
    name: str | None,
    reporter: Reporter,
    *,
    licence: str | None = None,
    origin: Origin | None = None,
    data_docs: Path | None = None,
    executor: Executor = score_here,
) -> Release:
    """Audits into a release: the next version of its parent, or the first of a new name.

    Its licence and its origin are those given, or its parent's. What the same call made before is returned as it is.

    Raises:
        ConfigError: An origin is given and one is on record, or the folder holds other releases of this name.
        DataError: The rows cannot be used.
    """
    parent = rows.release.manifest if rows.release is not None else None
    contents = Contents(
        raw=rows.frame,
        source=rows.address,
        teacher=parent.teacher if parent is not None else None,
        generation=parent.generation if parent is not None else None,
        licence=licence or (parent.licence if parent is not None else None),
        origin=origin_of(origin, [] if parent is None else [parent]),
        hazards=tuple(parent.hazards) if parent is not None else (),
        absent=rows.absent,
        form=rows.form,
    )
    with Draft(out, name or rows.name) as draft:
        made = _made_before(draft.home, rows, contents, suite)
        if made is not None:
            reporter.note(f"{made.path} was made from these rows before: nothing to do")
            return made
        return write_release(
            draft, contents, suite, reporter, parent=rows.release, data_docs=data_docs, executor=executor
        )


def _made_before(home: Path, rows: RowSource, contents: Contents, suite: Suite) -> Release | None:
    """The newest release of a name, if it is what these rows, this suite and this version of strigil make."""
    if not versions(home):
        return None
    newest = open_release(home)
    made = newest.manifest
    alike = (
        made.strigil == strigil.__version__
        and made.audit.suite_digest == suite.digest
        and (made.licence, made.origin) == (contents.licence, contents.origin)
    )
    if not alike or made.treatments:
        return None
    if rows.release is not None:
        own = rows.release.manifest
        from_it = [parent.digest for parent in made.parents] == [own.digest()]
        # Without a version, its address names what this call made of it.
        itself = bool(made.parents) and made.digest() == own.digest()
        return newest if from_it or itself else None
    if made.parents or made.generation is not None or made.counts.raw != rows.count:
        return None
    pairs = zip(
        iter_batches(newest.rows("raw"), source=str(newest.path)),
        iter_batches(rows.frame, source=rows.address),
        strict=False,
    )
    return newest if all(before.equals(after) for before, after in pairs) else None
