"""Which process makes which cell: any number of them, on any machines that share a folder, work on one study.

A claim is a file that its holder keeps fresh. Whoever finds one that has not been refreshed for a lease takes it over,
and on the machine of a holder that is dead at once. Claims save work and keep nothing safe: a holder that was only
asleep goes on, and every cell appears whole, under its name, whoever made it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from filelock import SoftFileLease, Timeout

from strigil.common.canonical import digest
from strigil.common.files import write_out
from strigil.common.validation import read_text
from strigil.records.study import FailureRecord

LEASE_SECONDS: Final = 60.0


@dataclass
class Claims:
    """The claims of one process on the cells of a study.

    Args:
        folder: Where claims are, the same for all processes.
        study: The study's name: what failed in one study may be tried by another.
        lease: Seconds without a refresh after which a claim is void; the same for all processes.
    """

    folder: Path
    study: str
    lease: float = LEASE_SECONDS
    _leases: dict[str, SoftFileLease] = field(default_factory=dict)
    _began: int | None = None

    def take(self, cell: str) -> bool:
        """Whether the cell is this process's to make."""
        if cell not in self._leases:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = self.folder / f"{digest(cell)[:20]}.lock"
            # It is kept: an old claim is known by having been looked at twice.
            self._leases[cell] = SoftFileLease(file, timeout=0, lease_duration=self.lease)
        claim = self._leases[cell]
        if claim.is_locked:
            return True
        try:
            claim.acquire()
        except Timeout:
            return False
        return True

    def give_back(self, cell: str) -> None:
        """It was made, or cannot be."""
        claim = self._leases.pop(cell, None)
        if claim is not None:
            claim.release()

    def close(self) -> None:
        """Gives back every cell."""
        for cell in list(self._leases):
            self.give_back(cell)
        # Where a disk is full, nothing comes into it.
        with suppress(OSError):
            self._failures.rmdir()

    def begin(self) -> None:
        """Marks the time, by the clock of the folder's file system: failures from before are tried again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.folder) as mark:
            self._began = os.fstat(mark.fileno()).st_mtime_ns

    def tell(self, failure: FailureRecord) -> None:
        """Lets the other processes know what cannot be made."""
        if self._began is not None:
            write_out(self._failures / f"{digest([failure.what, failure.cell])[:20]}.json", failure.model_dump_json())

    def told(self) -> list[FailureRecord]:
        """What other processes could not make since this one began."""
        if self._began is None:
            return []
        files = [file for file in sorted(self._failures.glob("*.json")) if file.stat().st_mtime_ns >= self._began]
        return [FailureRecord.model_validate_json(read_text(file)) for file in files]

    @property
    def _failures(self) -> Path:
        return self.folder / f"failures-{self.study}"
