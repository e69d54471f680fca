"""`strigil audit`: a suite over rows from anywhere; the outcome can become a release of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import Suite
from strigil.cards.report.page import report_page
from strigil.common.errors import ConfigError
from strigil.common.files import check_apart, write_out
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder
from strigil.data.formats.writing import check_writable, write_table
from strigil.data.hidden import unwritten
from strigil.releases.audit_record import AuditRecord
from strigil.releases.draft import Draft, check_name
from strigil.releases.kept import check_kept
from strigil.releases.manifest import Counts
from strigil.releases.store import Release
from strigil.sources.open_rows import RowSource
from strigil.workflows.audit.made_before import made_before
from strigil.workflows.release.audit_rows import TableFiles, audit_record, counts, judge, judgeable
from strigil.workflows.release.origin import check_origin, origin_of
from strigil.workflows.release.report import reported
from strigil.workflows.release.suites import suite_for
from strigil.workflows.release.write import Contents, write_release


@dataclass(frozen=True)
class Wanted:
    """What an audit is made with, and what it is to leave behind.

    Attributes:
        suite: A suite's name or YAML file; a release's own if None.
        out: Folder that receives a release of the audited rows.
        name: Of that release; the data's own name if None.
        licence: Of that release; its parent's if None.
        origin: Who wrote the rows, of data that strigil did not have written.
        report: HTML file for the report; a release holds one.
        write: File for the clean rows, as they came.
        data_docs: Folder for the Data Docs of the suite's expectations.
    """

    suite: str | None = None
    out: Path | None = None
    name: str | None = None
    licence: str | None = None
    origin: str | None = None
    report: Path | None = None
    write: Path | None = None
    data_docs: Path | None = None

    @property
    def files(self) -> list[Path]:
        """Files of their own that it writes."""
        return [path for path in (self.report, self.write) if path is not None]

    def check(self, read: Sequence[str]) -> None:
        """Makes sure, before anything is done, that all of it goes together and nothing is written over what is read.

        Args:
            read: Paths and addresses of the data.

        Raises:
            ConfigError: It does not, there is no such origin, or a name is fit for no release or no kind of table.
        """
        if self.report is not None and self.out is not None:
            message = "a release that --out writes holds its report as audit/report.html"
            raise ConfigError(message, hint="leave --report out")
        for option, value in {"name": self.name, "licence": self.licence, "origin": self.origin}.items():
            if value is not None and self.out is None:
                message = f"--{option} is that of the release that --out writes"
                raise ConfigError(message, hint="give --out too")
        if self.name is not None:
            check_name(self.name)
        check_origin(self.origin)
        check_apart(self.files, [*read, *([] if self.suite is None else [self.suite])])
        check_kept(self.files, read)
        if self.write is not None:
            check_writable(self.write)


@dataclass(frozen=True)
class Report:
    """What an audit found, and the release that it made, if one was wanted."""

    counts: Counts
    audit: AuditRecord
    release: Release | None = None


def audit(rows: RowSource, wanted: Wanted, reporter: Reporter, *, executor: Executor = score_here) -> Report:
    """Audits, and leaves behind what is wanted, once checked, and nothing else.

    Raises:
        ConfigError: There is no such suite, a file cannot be written, or the release's folder holds others.
        DataError: The rows cannot be used.
    """
    suite = suite_for(rows, wanted.suite)
    if wanted.data_docs is not None and not suite.expectations:
        message = f"suite {suite.name!r} has no expectations, so there is nothing for --data-docs"
        raise ConfigError(message)
    if wanted.out is None:
        return _report(rows, suite, wanted, reporter, executor)
    release = _release(rows, suite, wanted, wanted.out, reporter, executor)
    if wanted.write is not None:
        write_table(rows.as_came(release.table("clean")), wanted.write)
    return Report(release.manifest.counts, release.manifest.audit, release)


def _report(rows: RowSource, suite: Suite, wanted: Wanted, reporter: Reporter, executor: Executor) -> Report:
    expectations = Expectations.prepare(suite.expectations)
    source, raw = rows.address, rows.frame
    chosen = judgeable(suite, raw, rows.absent, reporter, source=source)
    if not suite.expectations and not wanted.files:
        summary = judge(unwritten(raw), chosen.suite, None, source=source, reporter=reporter, executor=executor).summary
        return Report(counts(summary), audit_record(suite, chosen.skipped, summary, (), unfit=rows.unfit))
    with scratch_folder() as folder, TableFiles(folder, rows.schema, form=rows.form) as files:
        summary = judge(raw, chosen.suite, files, source=source, reporter=reporter, executor=executor).summary
        outcomes = expectations.check(files.close(), data_docs=wanted.data_docs)
        if wanted.write is not None:
            write_table(rows.as_came(pl.scan_parquet(Path(folder) / "data" / "clean" / "*.parquet")), wanted.write)
        record = audit_record(suite, chosen.skipped, summary, outcomes, unfit=rows.unfit)
        found = Report(counts(summary), record)
        if wanted.report is not None:
            about = reported(folder, name=rows.name, counts=found.counts, audit=found.audit, form=rows.form)
            write_out(wanted.report, report_page(about))
    return found


def _release(
    rows: RowSource, suite: Suite, wanted: Wanted, out: Path, reporter: Reporter, executor: Executor
) -> Release:
    """The next version of the rows' parent, or the first of a new name; what the same call made before is returned.

    Its licence and its origin are those given, or its parent's.
    """
    parent = rows.release.manifest if rows.release is not None else None
    contents = Contents(
        raw=rows.frame,
        source=rows.address,
        teacher=parent.teacher if parent is not None else None,
        generation=parent.generation if parent is not None else None,
        licence=wanted.licence or (parent.licence if parent is not None else None),
        origin=origin_of(wanted.origin, [] if parent is None else [parent]),
        hazards=tuple(parent.hazards) if parent is not None else (),
        absent=rows.absent,
        form=rows.form,
        unfit=rows.unfit,
    )
    with Draft(out, wanted.name or rows.name) as draft:
        made = made_before(draft.home, rows, contents, suite)
        if made is not None:
            reporter.note(f"{made.path} was made from these rows before: nothing to do")
            return made
        return write_release(
            draft, contents, suite, reporter, parent=rows.release, data_docs=wanted.data_docs, executor=executor
        )
