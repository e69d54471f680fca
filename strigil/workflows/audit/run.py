"""`strigil audit`: a suite over a release or a file of rows; the outcome can become a release of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import Suite, load_suite, suite_names
from strigil.cards.report.page import report_page
from strigil.common.errors import ConfigError
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.data.streams import scan_table
from strigil.releases.manifest import AuditRecord, Counts
from strigil.releases.store import Draft, Release, open_release
from strigil.workflows.release.audit_rows import TableFiles, audit_record, counts, judge, row_schema
from strigil.workflows.release.report import reported
from strigil.workflows.release.write import Contents, write_release

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Subject:
    """Rows to audit, and with what; `parent` is the release they are from, if they are from one."""

    name: str
    source: str
    raw: pl.LazyFrame
    suite: Suite
    parent: Release | None


@dataclass(frozen=True)
class Report:
    """What an audit found."""

    counts: Counts
    audit: AuditRecord


def open_subject(data: Path, suite: str | None) -> Subject:
    """A release's raw rows, or a file of rows, with the suite that was named or the release's own.

    Raises:
        ConfigError: No suite is named and the data has none of its own, or the suite is unknown.
        DataError: The data cannot be read or is no row table.
    """
    release = None if data.is_file() else open_release(data)
    chosen = suite or (release.manifest.audit.suite if release is not None else None)
    if chosen is None:
        message = f"{data} does not say which suite it is to be audited with"
        raise ConfigError(message, hint="name one with --suite, for example --suite numbers-paper")
    if suite is None and chosen not in suite_names():
        message = f"{data} was audited with a suite of its own, {chosen!r}, which does not come with strigil"
        raise ConfigError(message, hint="name its file with --suite")
    raw = scan_table(data) if release is None else release.rows("raw")
    name = data.stem if release is None else release.manifest.name
    row_schema(raw, source=str(data))
    return Subject(name, str(data), raw, load_suite(chosen), release)


def audit(
    subject: Subject,
    reporter: Reporter,
    *,
    data_docs: Path | None = None,
    report: Path | None = None,
    executor: Executor = score_here,
) -> Report:
    """Audits without leaving anything behind but the Data Docs and the HTML report, where places are given for them.

    Raises:
        ConfigError: The report cannot be written.
        DataError: The rows cannot be used.
    """
    suite, source = subject.suite, subject.source
    expectations = Expectations.prepare(suite.expectations)
    if not suite.expectations and report is None:
        summary = judge(subject.raw, suite, None, source=source, reporter=reporter, executor=executor).summary
        return Report(counts(summary), audit_record(summary, ()))
    with (
        TemporaryDirectory() as folder,
        TableFiles(Path(folder), row_schema(subject.raw, source=source)) as files,
    ):
        summary = judge(subject.raw, suite, files, source=source, reporter=reporter, executor=executor).summary
        outcomes = expectations.check(files.close(), data_docs=data_docs)
        found = Report(counts(summary), audit_record(summary, outcomes))
        if report is not None:
            about = reported(Path(folder), name=subject.name, counts=found.counts, audit=found.audit)
            write_out(report, report_page(about))
    return found


def release_audit(
    subject: Subject,
    out: Path,
    name: str | None,
    reporter: Reporter,
    *,
    data_docs: Path | None = None,
    executor: Executor = score_here,
) -> Release:
    """Audits into a release: the next version of its parent, or the first of a new name.

    Raises:
        ConfigError: The folder holds other releases of this name.
        DataError: The rows cannot be used.
    """
    parent = subject.parent.manifest if subject.parent is not None else None
    contents = Contents(
        raw=subject.raw,
        source=subject.source,
        teacher=parent.teacher if parent is not None else None,
        generation=parent.generation if parent is not None else None,
        licence=parent.licence if parent is not None else None,
        hazards=tuple(parent.hazards) if parent is not None else (),
    )
    with Draft(out, name or subject.name) as draft:
        return write_release(
            draft, contents, subject.suite, reporter, parent=subject.parent, data_docs=data_docs, executor=executor
        )
