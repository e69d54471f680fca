"""`strigil report`: what an audit found, as one HTML file, from a release or from the tables of an audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from strigil.cards.report.page import report_page, report_record
from strigil.cards.report.reported import Reported
from strigil.common.errors import CheckFailedError, DataError
from strigil.common.files import write_out
from strigil.data.form import Form
from strigil.releases.audit_record import AuditRecord
from strigil.releases.draft import Draft
from strigil.releases.manifest import Counts, FileRecord, Manifest
from strigil.releases.store import Release, open_release

REPORT: Final = "audit/report.html"
RECORD: Final = "audit/report.json"


def reported(
    folder: Path,
    *,
    name: str,
    counts: Counts,
    audit: AuditRecord,
    manifest: Manifest | None = None,
    files: Sequence[FileRecord] = (),
    untreated: Release | None = None,
    form: Form,
) -> Reported:
    """What a report is about: an audit whose tables are below a folder.

    Of the rows before a treatment, those that were removed are not repeated: they may have gone for what they hold.
    """
    return Reported(
        name=name,
        counts=counts,
        audit=audit,
        raw=form.rows(pl.scan_parquet(folder / "data" / "raw" / "*.parquet"), source=name),
        clean=form.rows(pl.scan_parquet(folder / "data" / "clean" / "*.parquet"), source=name),
        verdicts=pl.scan_parquet(folder / "verdicts" / "*.parquet"),
        manifest=manifest,
        files=files,
        untreated=untreated.rows("clean") if untreated is not None else None,
    )


def of_release(folder: Path, manifest: Manifest, files: Sequence[FileRecord], *, untreated: Release | None) -> Reported:
    """What is to be reported of a release, or of one that is still being written in a folder."""
    return reported(
        folder,
        name=manifest.name,
        counts=manifest.counts,
        audit=manifest.audit,
        manifest=manifest,
        files=files,
        untreated=untreated,
        form=manifest.written_in,
    )


def write_reports(draft: Draft, manifest: Manifest, *, untreated: Release | None) -> None:
    """Writes audit/report.html and audit/report.json of a release whose tables are written, and in the manifest."""
    about = of_release(draft.folder, manifest, manifest.files, untreated=untreated)
    draft.write_text(RECORD, json.dumps(report_record(about), indent=2, ensure_ascii=False) + "\n")
    draft.write_text(REPORT, report_page(about))


def find_untreated(manifest: Manifest, root: Path) -> Release | None:
    """The release that treatments were given the rows of, if it is below `root`; versions of one's own are passed over.

    A release of that name and version with another digest is another release, and does not count.
    """
    if not manifest.treatments:
        return None
    for parent in manifest.parents:
        try:
            release = open_release(root / parent.name / f"v{parent.version}")
        except (CheckFailedError, DataError):
            continue
        if release.manifest.digest() != parent.digest:
            continue
        return release if parent.name != manifest.name else find_untreated(release.manifest, root)
    return None


def write_report(path: Path, out: Path | None, *, root: Path | None) -> Path:
    """Writes the report of a release into a file of its own; the release does not change.

    Args:
        path: The release.
        out: The file; NAME-VERSION.html in the working folder if none is given.
        root: Where the releases are that it was made from; beside it if none is given.

    Raises:
        DataError: There is no release, or not all of it was published.
    """
    release = open_release(path)
    release.require("raw", "verdicts")
    manifest = release.manifest
    untreated = find_untreated(manifest, root or release.path.parent.parent)
    target = out or Path(f"{manifest.name}-{manifest.version}.html")
    write_out(target, report_page(of_release(release.path, manifest, manifest.files, untreated=untreated)))
    return target
