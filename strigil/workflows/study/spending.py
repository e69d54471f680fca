"""What the cells of a study took, by kind: of all that it rests on, whichever run or study made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strigil.eval.evaluation import EvalResult
from strigil.records.spent import UNKNOWN, Price, Spent, total
from strigil.records.study.report import SpentRecord, Worker
from strigil.releases.store import Release
from strigil.train.tracking.metrics import spent_on_training
from strigil.workflows.audit.score.scoring import ScoreTable
from strigil.workflows.build.recipes import FineTunedTeacher
from strigil.workflows.build.teachers import teacher_folder
from strigil.workflows.evaluate.jobs import EvalJob
from strigil.workflows.study.data import Data
from strigil.workflows.train.student import Student

if TYPE_CHECKING:
    from strigil.workflows.study.cells import Cell


def spending(cells: Sequence[Cell[object, object]], price: Price | None) -> list[SpentRecord]:
    """What the cells that are there took, at a price; each thing counts once, however many cells share it.

    Args:
        cells: Of a study.
        price: What the study is paid by; a judge on a server has its own.
    """
    training = None if price is None else price.of_training
    found: dict[Worker, dict[str, Spent]] = {}
    for cell in cells:
        match cell.job, cell.found:
            case Data() as data, Release() as release if data.written:
                generation, teacher = release.manifest.generation, data.recipe.teacher
                rows = UNKNOWN if generation is None else generation.spent
                found.setdefault("rows", {})[data.name] = rows.at(price)
                if isinstance(teacher, FineTunedTeacher):
                    folder = teacher_folder(teacher, data.base, data.folder)
                    found.setdefault("teachers", {})[str(folder)] = spent_on_training(folder).at(training)
            case _, ScoreTable() as table:
                found.setdefault("scores", {})[str(table.folder)] = table.facts.spent.at(price)
            case Student() as student, _ if student.trained:
                found.setdefault("students", {})[str(student.folder)] = spent_on_training(student.folder).at(training)
            case EvalJob() as job, EvalResult() as result:
                found.setdefault("evaluations", {})[job.asked] = result.spent.at(price)
                if (judge := job.evaluation.judged_by) is not None:
                    found.setdefault("judges", {})[job.key] = result.judging.at(judge.paid_by(price))
    kinds: tuple[Worker, ...] = ("teachers", "rows", "scores", "students", "evaluations", "judges")
    records = [
        SpentRecord(what=kind, made=len(found[kind]), spent=total([*found[kind].values()]))
        for kind in kinds
        if kind in found
    ]
    every = SpentRecord(
        what="in all", made=sum(each.made for each in records), spent=total([each.spent for each in records])
    )
    return [*records, every] if records else []
