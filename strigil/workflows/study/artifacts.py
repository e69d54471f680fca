"""Where the cells of studies are kept, and what became of them: each is whole or not there, and is made once."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from strigil.common.errors import ConfigError
from strigil.records.study import FailureRecord
from strigil.releases.store import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strigil.eval.evaluation import EvalResult
    from strigil.workflows.audit.score.scoring import Comparison
    from strigil.workflows.study.arms import StudentArm


@dataclass(frozen=True)
class Store:
    """The folder of studies; those in one folder share their cells.

    OUT/NAME/study.{html,json,md}   the reports of one study
    OUT/cells/data                  releases, and fine-tuned teachers
    OUT/cells/students              adapters
    OUT/cells/measures              what each model answered
    """

    out: Path

    @property
    def data(self) -> Path:
        """Releases and teachers."""
        return self.out / "cells" / "data"

    @property
    def students(self) -> Path:
        """Adapters."""
        return self.out / "cells" / "students"

    @property
    def measures(self) -> Path:
        """Results of evaluations."""
        return self.out / "cells" / "measures"

    def reports(self, study: str) -> Path:
        """The folder of a study's reports."""
        return self.out / study

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other runs out of the folder.

        Raises:
            ConfigError: Another run is in it, or it cannot be written.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.out / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            message = f"another study runs in {self.out}"
            raise ConfigError(message, hint="wait for it, or choose another folder with --out") from error
        try:
            yield
        finally:
            lock.release()


@dataclass(frozen=True)
class Student:
    """One student: its arm, its training seed, and the folder that its adapter is in or goes to."""

    arm: StudentArm
    seed: int
    folder: Path


@dataclass
class Outcome:
    """What a run of a study has come to: releases by cell identity, students, measures by key, and failures.

    `comparisons` says how well scores tell a trait's rows from neutral ones, by `ScoredStep.key`.
    """

    arms: list[StudentArm] = field(default_factory=list)
    releases: dict[str, Release] = field(default_factory=dict)
    students: list[Student] = field(default_factory=list)
    measures: dict[str, EvalResult] = field(default_factory=dict)
    comparisons: dict[str, Comparison] = field(default_factory=dict)
    failures: list[FailureRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reasons(self) -> Mapping[str, str]:
        """Why a cell failed, by the cell's name."""
        return {failure.cell: failure.reason for failure in self.failures}
