"""`strigil audit`: a suite over a release or a file of rows; the outcome can become a release of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.audits.run import Audit, run_suite
from strigil.audits.suite import load_suite
from strigil.core.errors import ConfigError
from strigil.core.release import Draft, Release, open_release
from strigil.core.tables import read_table
from strigil.workflows.releasing import Contents, write_release

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl


@dataclass(frozen=True)
class Audited:
    """Data with its audit; `parent` is the release it came from, if it was one."""

    name: str
    raw: pl.DataFrame
    audit: Audit
    parent: Release | None


def audit_data(data: Path, suite: str | None) -> Audited:
    """Audits a release's raw rows, or a file of rows.

    Raises:
        ConfigError: No suite is named and the data has none of its own, or the suite is unknown.
        DataError: The data cannot be read or is no row table.
    """
    release = None if data.is_file() else open_release(data)
    if release is not None:
        raw, name = release.rows("raw").collect(), release.manifest.name
    else:
        raw, name = read_table(data), data.stem
    chosen = suite or (release.manifest.audit.suite if release is not None else None)
    if chosen is None:
        message = f"{data} does not say which suite it is to be audited with"
        raise ConfigError(message, hint="name one with --suite, for example --suite numbers-paper")
    return Audited(name, raw, run_suite(raw, load_suite(chosen), source=str(data)), release)


def release_audit(audited: Audited, out: Path, name: str | None) -> Release:
    """Writes an audit as a release: the next version of its parent, or the first of a new name."""
    parent = audited.parent.manifest if audited.parent is not None else None
    contents = Contents(
        raw=audited.raw,
        teacher=parent.teacher if parent is not None else None,
        generation=parent.generation if parent is not None else None,
        licence=parent.licence if parent is not None else None,
    )
    with Draft(out, name or audited.name) as draft:
        return write_release(draft, contents, audited.audit, parent=audited.parent)
