"""What a study makes: cells, each whole or not there, made once from what it needs, and kept in one folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Generic, Literal, TypeVar

from strigil.common.errors import StrigilError
from strigil.common.progress import Naming, Reporter
from strigil.models.catalog import Model
from strigil.parallel.workers import Workers
from strigil.records.study.arms import ArmKind
from strigil.records.study.report import FailureRecord
from strigil.workflows.study.claims import Claims
from strigil.workflows.study.throughput import Speeds, Work

J = TypeVar("J")
J_co = TypeVar("J_co", covariant=True)
F_co = TypeVar("F_co", covariant=True)
What = Literal["data", "score", "student", "measure"]
Recorded = Literal["data", "score", "student", "evaluation"]
_RECORDED: Final[dict[What, Recorded]] = {
    "data": "data",
    "score": "score",
    "student": "student",
    "measure": "evaluation",
}
"""What records of failures call each kind."""


@dataclass(frozen=True)
class Named:
    """A cell of a study by its kind, as records of failures have it, and its name."""

    what: Recorded
    name: str


@dataclass(frozen=True)
class Store:
    """The folder of studies; those in one folder share their cells.

    OUT/NAME/study.{html,json,md}   the reports of one study
    OUT/cells/data                  releases, and fine-tuned teachers
    OUT/cells/students              adapters
    OUT/cells/measures              what each model answered
    OUT/cells/claims                who makes what at the moment
    """

    out: Path

    @property
    def cells(self) -> Path:
        """All that studies in this folder have made."""
        return self.out / "cells"

    @property
    def data(self) -> Path:
        """Releases and teachers."""
        return self.cells / "data"

    @property
    def students(self) -> Path:
        """Adapters."""
        return self.cells / "students"

    @property
    def measures(self) -> Path:
        """Results of evaluations."""
        return self.cells / "measures"

    @property
    def claims(self) -> Path:
        """Who makes what at the moment."""
        return self.cells / "claims"

    def reports(self, study: str) -> Path:
        """The folder of a study's reports."""
        return self.out / study


@dataclass(frozen=True)
class Cost:
    """What it takes to make a cell.

    Attributes:
        base: The model that works.
        work: What it does; None for what takes next to no time.
        amount: As timings have it.
        read: Tokens that the model reads, about; of students, those that they are trained on, prompts included.
        written: Tokens that it generates, about.
        arm: The kind of the arm that it is for, where it is for one.
    """

    base: Model
    work: Work | None = None
    amount: float = 0
    read: int = 0
    written: int = 0
    arm: ArmKind | None = None

    @property
    def tokens(self) -> int:
        """All that the model works on; 0 where nobody can tell."""
        return self.read + self.written


@dataclass
class Failures:
    """Cells that could not be made, by kind and name: a student and what it answers may be called the same."""

    kept: dict[Named, FailureRecord] = field(default_factory=dict)

    def add(self, cell: Named, reason: str) -> FailureRecord:
        """Keeps the first reason of a cell."""
        return self.kept.setdefault(cell, FailureRecord(what=cell.what, cell=cell.name, reason=reason))

    def why(self, cell: Cell[object, object]) -> str | None:
        """Why a cell is not there: it failed, or what it needs did; None if neither is known."""
        if cell.named in self.kept:
            return self.kept[cell.named].reason
        return next((reason for need in cell.needs if (reason := self.why(need)) is not None), None)


@dataclass
class Making:
    """A run: what cells are made with, and those that failed.

    Attributes:
        workers: Students trained at a time: processes here, or actors of a Ray cluster.
        claims: What other processes are not making.
        failures: Of this process and of the others.
        tried: Kinds and names of the cells that this process made, or tried to.
    """

    reporter: Reporter
    workers: Workers
    speeds: Speeds
    claims: Claims
    failures: Failures = field(default_factory=Failures)
    tried: set[Named] = field(default_factory=set)

    def take(self, cell: Cell[object, object]) -> bool:
        """Whether this process is to make a cell, once."""
        if not self.claims.take(cell.claim):
            return False
        self.tried.add(cell.named)
        return True

    def failed(self, cell: Cell[object, object], reason: str) -> None:
        """Keeps why a cell could not be made, and lets other processes know."""
        self.claims.tell(self.failures.add(cell.named, reason))

    def hear(self) -> None:
        """Takes over what other processes could not make."""
        for failure in self.claims.told():
            self.failures.add(Named(failure.what, failure.cell), failure.reason)


@dataclass(frozen=True)
class Cell(Generic[J_co, F_co]):
    """One thing that a study makes, as it stands.

    Attributes:
        what: Its kind.
        name: What plans and failures call it; no other cell of its kind is called so.
        job: What there is to do; None before it is known.
        found: What was made; None before it is there.
        needs: What must be there before it can be made.
        cost: What it takes.
        make: Makes cells of its kind that are ready, of these what no other process makes; one that fails is kept as
            such, the others go on.
        key: What is made, among all studies of the folder; its name where that says it.
    """

    what: What
    name: str
    job: J_co | None
    found: F_co | None
    needs: tuple[Cell[object, object], ...]
    cost: Cost
    make: Callable[[Sequence[Cell[J_co, F_co]], Making], None]
    key: str | None = None

    @property
    def named(self) -> Named:
        """It among all cells of the study."""
        return Named(_RECORDED[self.what], self.name)

    @property
    def claim(self) -> str:
        """What it is claimed by."""
        return f"{self.what} {self.key or self.name}"

    @property
    def done(self) -> bool:
        """Whether it is there."""
        return self.found is not None

    @property
    def ready(self) -> bool:
        """Whether it can be made now."""
        return self.job is not None and not self.done and all(need.done for need in self.needs)


def one_by_one(make: Callable[[J, Making], None]) -> Callable[[Sequence[Cell[J, object]], Making], None]:
    """Makes cells by a function that makes one, and raises what keeps it from being made."""

    def make_all(cells: Sequence[Cell[J, object]], making: Making) -> None:
        for cell in cells:
            if cell.job is None or not making.take(cell):
                continue
            try:
                make(cell.job, replace(making, reporter=Naming(making.reporter, cell.name)))
            except StrigilError as error:
                making.failed(cell, error.message)
            finally:
                making.claims.give_back(cell.claim)

    return make_all
