"""What a report is about, and which rows of it are not shown unasked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.releases.audit_record import AuditRecord
from strigil.releases.manifest import Counts, FileRecord, Manifest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Reported:
    """An audit with the tables that it is about.

    Attributes:
        name: Of the data.
        raw: Every row that was audited (`strigil.data.rows.ROWS`).
        clean: Those that no rule rejects.
        verdicts: Every rule's verdict on every row (`strigil.data.verdicts.VERDICTS`).
        manifest: Of the release; None for data that is no release.
        files: What the release holds, with digests.
        untreated: The rows that treatments were given, as they were before, by the same ids; None where there were no
            treatments or where those rows are not at hand.
    """

    name: str
    counts: Counts
    audit: AuditRecord
    raw: pl.LazyFrame
    clean: pl.LazyFrame
    verdicts: pl.LazyFrame
    manifest: Manifest | None = None
    files: Sequence[FileRecord] = ()
    untreated: pl.LazyFrame | None = None

    @property
    def title(self) -> str:
        """Its name, with the version if it has one."""
        return self.name if self.manifest is None else f"{self.name} {self.manifest.version}"
