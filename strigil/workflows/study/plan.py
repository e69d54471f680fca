"""`strigil study plan`: the cells of a study, which of them are there, and what the others cost; makes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strigil.common.progress import Reporter
from strigil.parallel.ray_actors import Ray
from strigil.workflows.study.cells import Cell, Cost, Store
from strigil.workflows.study.layout import lay_out, open_study
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.throughput import Speeds, Work, trial


@dataclass(frozen=True)
class StudyPlan:
    """All cells of a study, and how long the missing ones take.

    Attributes:
        seconds: By kind of work; None where nothing of the kind was timed on this machine yet.
    """

    cells: list[Cell[object, object]]
    seconds: dict[Work, float | None]

    def count(self, what: str, *, done: bool) -> int:
        """Cells of a kind that are there, or that are not."""
        return sum((cell.what, cell.done) == (what, done) for cell in self.cells)

    def tokens(self, what: str) -> int:
        """Tokens that the missing cells of a kind take, at most."""
        return sum(cell.cost.tokens for cell in self.cells if cell.what == what and not cell.done)


def plan_study(study: StudyRecipe, store: Store, reporter: Reporter, *, workers: int | Ray) -> StudyPlan:
    """Lists every cell.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model or a library is missing.
    """
    cells = lay_out(open_study(study, store)).cells
    return StudyPlan(cells, _seconds(study, store, [cell.cost for cell in cells if not cell.done], reporter, workers))


def _seconds(
    study: StudyRecipe, store: Store, todo: Sequence[Cost], reporter: Reporter, workers: int | Ray
) -> dict[Work, float | None]:
    speeds = Speeds.of(store.cells)
    seconds: dict[Work, float | None] = {"generate": 0.0, "score": 0.0, "train": 0.0, "ask": 0.0}
    tried: dict[str, float] = {}
    for cost in todo:
        if cost.work is None:
            continue
        speed = speeds.speed(cost.work, cost.base)
        if speed is None and cost.work == "train":
            if cost.base.digest not in tried:
                reporter.note(f"Timing a few steps of training on {cost.base.id}")
                plan = next(iter(study.carriers.values()))
                alone = trial(cost.base, plan.students or study.students, plan)
                tried[cost.base.digest] = alone * (workers.actors if isinstance(workers, Ray) else workers)
            speed = tried[cost.base.digest]
        total = seconds[cost.work]
        seconds[cost.work] = None if speed is None or total is None else total + cost.amount / speed
    return seconds
