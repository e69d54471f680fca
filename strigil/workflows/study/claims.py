"""Which process makes which cell: any number of them, on any machines that share a folder, work on one study.

A process keeps one file fresh for as long as it works, and a claim is a file that names the process. Whoever finds a
process that has not been heard of for a lease voids its claims, and on the machine of one that is dead at once. Claims
save work and keep nothing safe: a process that was only asleep goes on, and every cell appears whole, under its name,
whoever made it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from filelock import SoftFileLease, Timeout

from strigil.common.canonical import digest
from strigil.common.files import write_out
from strigil.common.validation import read_text
from strigil.records.study.report import FailureRecord

LEASE_SECONDS: Final = 60.0
_PROCESS: Final = ".process.lock"
_CLAIM: Final = ".claim.lock"
_LOOKS: Final = 30
"""Times in a lease that a process looks after another one."""


@dataclass
class Claims:
    """The claims of one process on the cells of a study.

    Args:
        folder: Where claims are, the same for all processes.
        study: The study's name: what failed in one study may be tried by another.
        lease: Seconds without a sign of life after which a process's claims are void; the same for all processes.
    """

    folder: Path
    study: str
    lease: float = LEASE_SECONDS
    _mine: dict[str, str] = field(default_factory=dict)
    _own: SoftFileLease | None = None
    _others: dict[str, SoftFileLease] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)
    _began: int | None = None

    def take(self, cell: str) -> bool:
        """Whether the cell is this process's to make."""
        if cell in self._mine:
            return True
        me, file = self._alive(), self._file(cell)
        while not _create(file, me):
            holder = _holder(file)
            if holder and self._lives(holder):
                return False
            # Void, or one whose process was ended between making the file and writing it.
            if _holder(file) == holder:
                file.unlink(missing_ok=True)
        self._mine[cell] = me
        return True

    def give_back(self, cell: str) -> None:
        """It was made, or cannot be."""
        me, file = self._mine.pop(cell, None), self._file(cell)
        # A process that was asleep for a lease may have lost it to another one.
        if me is not None and _holder(file) == me:
            file.unlink(missing_ok=True)

    def begin(self) -> None:
        """Marks the time, by the clock of the folder's file system: failures from before are tried again.

        Where no other process works on the study, what earlier ones could not make is forgotten.
        """
        self._alive()
        if not self._company():
            self._forget()
        with tempfile.TemporaryFile(dir=self.folder) as mark:
            self._began = os.fstat(mark.fileno()).st_mtime_ns

    def close(self) -> None:
        """Gives back every cell; the last process that works on the study leaves nothing but what was made."""
        for cell in list(self._mine):
            self.give_back(cell)
        if self._own is not None:
            if not self._company():
                self._forget()
            self._own.release()
            self._own = None

    def tell(self, failure: FailureRecord) -> None:
        """Lets the other processes know what cannot be made."""
        if self._began is not None:
            write_out(self._failures / f"{digest([failure.what, failure.cell])[:20]}.json", failure.model_dump_json())

    def told(self) -> list[FailureRecord]:
        """What other processes could not make since this one began."""
        if self._began is None:
            return []
        found = []
        for file in sorted(self._failures.glob("*.json")):
            # One that just began alone takes away what it finds.
            with suppress(FileNotFoundError):
                if file.stat().st_mtime_ns >= self._began:
                    found.append(FailureRecord.model_validate_json(read_text(file)))
        return found

    def _alive(self) -> str:
        """The name of this process's own file, which is kept fresh from now on."""
        if self._own is None or self._own.compromise is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            own = self.folder / f"{self.study}-{secrets.token_hex(8)}{_PROCESS}"
            self._own = SoftFileLease(own, timeout=0, lease_duration=self.lease)
            self._own.acquire()
        return Path(self._own.lock_file).name

    def _company(self) -> bool:
        """Whether another process works on the study."""
        mine = self._alive()
        others = [file.name for file in self.folder.glob(f"*{_PROCESS}") if file.name != mine]
        return any(self._lives(name) for name in others if name.rsplit("-", 1)[0] == self.study)

    def _lives(self, process: str) -> bool:
        """Whether a process was heard of; the claims of one that was not are void from then on."""
        if self._own is not None and process == Path(self._own.lock_file).name:
            return True
        now = time.monotonic()
        if now - self._seen.get(process, -self.lease) < self.lease / _LOOKS:
            return True
        if not (self.folder / process).exists():
            return False
        # It is kept: a process that is not heard of is known by having been looked at twice.
        other = self._others.setdefault(
            process, SoftFileLease(self.folder / process, timeout=0, lease_duration=self.lease)
        )
        try:
            other.acquire()
        except Timeout:
            self._seen[process] = now
            return True
        for file in self.folder.glob(f"*{_CLAIM}"):
            if _holder(file) == process:
                file.unlink(missing_ok=True)
        other.release()
        return False

    def _forget(self) -> None:
        """What could not be made is in the reports, and is tried again by whoever runs the study next."""
        for file in self._failures.glob("*.json"):
            file.unlink(missing_ok=True)
        # Another process may begin, and fail, at this moment.
        with suppress(OSError):
            self._failures.rmdir()

    def _file(self, cell: str) -> Path:
        return self.folder / f"{digest(cell)[:20]}{_CLAIM}"

    @property
    def _failures(self) -> Path:
        return self.folder / f"failures-{self.study}"


def _create(file: Path, holder: str) -> bool:
    """Makes a claim; False where there is one."""
    try:
        with file.open("x", encoding="utf-8") as claim:
            claim.write(holder)
    except FileExistsError:
        return False
    return True


def _holder(file: Path) -> str:
    """The process of a claim; empty where it is gone, or not yet written."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
