"""Releases by the real audit, of rows that are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strigil.common.progress import Silent
from strigil.releases.store import Release
from strigil.sources.open_rows import open_rows
from strigil.workflows.audit.run import Wanted, audit

if TYPE_CHECKING:
    import polars as pl


def audited_as(name: str, rows: pl.DataFrame, root: Path, *, suite: str) -> Release:
    """The release `root/NAME` of these rows."""
    root.mkdir(exist_ok=True)
    file = root / f"{name}.parquet"
    rows.write_parquet(file)
    with open_rows(str(file)) as source:
        release = audit(source, Wanted(suite, root, name), Silent()).release
    assert release is not None
    return release
