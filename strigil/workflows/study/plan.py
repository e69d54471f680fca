"""`strigil study plan`: the cells of a study, which of them are there, and what the others cost; makes nothing."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.models.catalog import Model
from strigil.models.shape import find_for_plan, is_here
from strigil.parallel.workers import Workers, gpus_each, how_many
from strigil.records.study.arms import ArmKind
from strigil.workflows.build.recipes import FineTunedTeacher
from strigil.workflows.study.cells import Cell, Failures, Store, What
from strigil.workflows.study.design import check_margin, what_it_shows
from strigil.workflows.study.device import device_for, table, this_device
from strigil.workflows.study.estimate import Gigabytes, Reckoner, gigabytes
from strigil.workflows.study.layout import Layout, Opened, lay_out, open_study
from strigil.workflows.study.lengths import lengths_of
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import measured
from strigil.workflows.study.throughput import Speeds, trial

Seconds: TypeAlias = dict[tuple[What, str], float | None]
_OPTIONAL: Final[dict[ArmKind, str]] = {
    "random-data": "random-data",
    "random-drop": "random-drop",
    "shuffle": "shuffle-within, shuffle-across",
    "other-base-control": "other-base",
    "other-base": "other-base",
    "dose": "doses",
}
"""Arms that a study can do without, and what leaves them out."""


@dataclass(frozen=True)
class Line:
    """What the missing cells of a kind cost.

    Attributes:
        tokens: That models read or write, about.
        seconds: Of one process or GPU; None where nobody can tell before one was made.
    """

    todo: int
    there: int
    tokens: int
    seconds: float | None


@dataclass(frozen=True)
class StudyPlan:
    """All cells of a study, and what the missing ones take.

    Attributes:
        lines: By the kind of cell.
        device: What the times are of.
        workers: Students that are trained at a time.
        gpus: That they take together; 0 on a CPU.
        basis: What the times go by.
        memory: By the id of each base whose students are missing.
        notes: What a reader should think about.
        shows: What the design can show, in sentences.
        perhaps: Names of cells that a run leaves out if a treatment turns out to drop no row.
    """

    cells: list[Cell[object, object]]
    lines: dict[What, Line]
    device: str
    workers: int
    gpus: int
    basis: list[str]
    memory: dict[str, Gigabytes]
    notes: list[str]
    shows: list[str]
    perhaps: frozenset[str] = frozenset()

    @property
    def work(self) -> float | None:
        """Seconds of one process or GPU; None where a part of it is not known."""
        return self._sum({})

    @property
    def elapsed(self) -> float | None:
        """Seconds from the start to the report, with as many workers as there are."""
        return self._sum({"student": self.workers})

    def _sum(self, together: dict[What, int]) -> float | None:
        seconds = [
            None if line.seconds is None else line.seconds / together.get(what, 1) for what, line in self.lines.items()
        ]
        known = [each for each in seconds if each is not None]
        return sum(known) if len(known) == len(seconds) else None


def plan_study(
    study: StudyRecipe,
    store: Store,
    reporter: Reporter,
    *,
    workers: Workers,
    device: str | None = None,
    measure: bool = False,
) -> StudyPlan:
    """Lists every cell, and reckons what the missing ones take; models need not be on this machine.

    Args:
        study: What to run.
        store: Where cells are kept; times of cells that were made there go before all others.
        reporter: Is told what is measured.
        workers: Students that are trained at a time.
        device: A device of the table of speeds; None for this machine's, or one that the bases take.
        measure: Whether a few steps of training are timed here.

    Raises:
        ConfigError: The study, or `device`, names something that does not exist, or its margin hides its effect; or
            another device than this machine's is to be timed here.
        PrerequisiteError: A library, or what is to be known of a model, is missing.
    """
    if measure and device not in {None, this_device()}:
        message = f"a few steps that are timed here say nothing about {device}"
        raise ConfigError(message, hint="--time without --device, or --device without --time")
    opened = open_study(study, store, find=find_for_plan)
    laid = lay_out(opened)
    known = measured(opened, laid, Failures())
    check_margin(study, known)
    bases = {arm.base.digest: arm.base for draws in laid.arms.values() for arm in draws}
    chosen = device_for(device, [opened.bases.teachers, *bases.values()])
    reckoner = Reckoner(chosen, Speeds.of(store.cells), share=gpus_each(workers) or 1.0)
    if measure:
        plan = next(iter(study.carriers.values()))
        for base in bases.values():
            reporter.note(f"Timing a few steps of training on {base.id}")
            reckoner.tried[base.digest] = trial(base, plan.students or study.students, plan)
    todo, perhaps = [cell for cell in laid.cells if not cell.done], _perhaps(laid)
    seconds = {(cell.what, cell.name): reckoner.seconds(cell.cost) for cell in todo}
    kinds: tuple[What, ...] = ("data", "score", "student", "measure")
    return StudyPlan(
        cells=laid.cells,
        lines={what: _line([cell for cell in laid.cells if cell.what == what], seconds) for what in kinds},
        device=table().devices[chosen.name].says,
        workers=how_many(workers),
        gpus=0 if table().devices[chosen.name].peak is None else math.ceil(how_many(workers) * reckoner.share),
        basis=reckoner.told,
        memory=_memory(opened, todo),
        notes=[
            *([] if chosen.note is None else [chosen.note]),
            *_absent(bases.values()),
            *_taught(study),
            *_optional(todo, seconds),
            *_open(perhaps),
        ],
        shows=what_it_shows(study, known),
        perhaps=perhaps,
    )


def _perhaps(laid: Layout) -> frozenset[str]:
    """The random drops whose treatment is not done yet, and all that needs them."""
    names = {arm.data.name for draws in laid.arms.values() for arm in draws if arm.data.after}

    def waits(cell: Cell[object, object]) -> bool:
        return cell.name in names or any(map(waits, cell.needs))

    return frozenset(cell.name for cell in laid.cells if waits(cell))


def _open(perhaps: Collection[str]) -> list[str]:
    if not perhaps:
        return []
    return [f"{len(perhaps)} of the cells are random drops, which a run leaves out beside treatments that drop no row"]


def _line(cells: Sequence[Cell[object, object]], seconds: Seconds) -> Line:
    todo = [cell for cell in cells if not cell.done]
    times = [seconds[cell.what, cell.name] for cell in todo]
    known = [each for each in times if each is not None]
    tokens = sum(cell.cost.tokens for cell in todo)
    return Line(len(todo), len(cells) - len(todo), tokens, sum(known) if len(known) == len(times) else None)


def _memory(opened: Opened, todo: Sequence[Cell[object, object]]) -> dict[str, Gigabytes]:
    found = {}
    for arm in opened.arms:
        students = sum(cell.what == "student" and cell.cost.base == arm.base for cell in todo)
        if students:
            row = lengths_of(arm.data.recipe, arm.base).row
            found[arm.base.id] = gigabytes(arm.base, arm.training, row=row, students=students)
    return found


def _absent(bases: Iterable[Model]) -> list[str]:
    return [f"{base.id} is not on this machine: none of its cells is looked for" for base in bases if not is_here(base)]


def _taught(study: StudyRecipe) -> list[str]:
    tuned = sum(isinstance(teacher, FineTunedTeacher) for teacher in study.teachers)
    return [f"the training of {tuned} fine-tuned teachers is not counted"] if tuned else []


def _optional(todo: Sequence[Cell[object, object]], seconds: Seconds) -> list[str]:
    """A warning where arms that a study can do without make most of what it costs."""
    costs: dict[ArmKind | None, float] = {}
    for cell in todo:
        costs[cell.cost.arm] = costs.get(cell.cost.arm, 0.0) + (seconds[cell.what, cell.name] or 0.0)
    optional = {kind: costs[kind] for kind in _OPTIONAL if costs.get(kind)}
    share = sum(optional.values()) / max(sum(costs.values()), 1e-9)
    if share <= 0.5:
        return []
    ranked = sorted(optional, key=lambda kind: -optional[kind])
    names = dict.fromkeys(_OPTIONAL[kind] for kind in ranked)
    return [f"controls make {share:.0%} of the cost, the most first: {', '.join(names)} (docs/studies.md: without)"]
