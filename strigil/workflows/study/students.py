"""The students of a study, and what each model answers: cells that are made many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from strigil.common.errors import StrigilError
from strigil.engines import EngineName
from strigil.eval.evaluation import EvalResult
from strigil.eval.subjects import Subject, student_subject
from strigil.parallel.ray_actors import Ray
from strigil.releases.store import Release
from strigil.sources.find import release_files
from strigil.workflows.evaluate.jobs import EvalJob, evaluate
from strigil.workflows.study.arms import Arm
from strigil.workflows.study.cells import Cell, Cost, Making
from strigil.workflows.study.data import Data
from strigil.workflows.study.lengths import lengths_of
from strigil.workflows.study.throughput import Timing, timed
from strigil.workflows.train.students import Student, student_of, train_students


def student_cell(
    arm: Arm, seed: int, data: Cell[Data, Release], out: Path, *, say_draw: bool
) -> Cell[Student, Subject]:
    """A student of an arm, whose rows are there or not; its name says the draw where a study has several."""
    student, subject, training = None, None, arm.training.model_copy(update={"seed": seed})
    if data.found is not None:
        name, rows = f"{Path(arm.base.id).name}-seed{seed}", arm.data.trained_on
        student = student_of(name, release_files(data.found), arm.base, training, out, rows=rows)
        if student.trained:
            subject = student_subject(student.folder.name, arm.base, student.folder)
    row = min(training.max_length, lengths_of(arm.data.recipe, arm.base).row)
    tokens = round(arm.data.rows * training.epochs * row)
    cost = Cost(arm.base, "train", tokens, read=tokens, arm=arm.record.kind)
    name = f"{arm.record.name} / draw {arm.draw}" if say_draw else arm.record.name
    return Cell("student", f"{name} / seed {seed}", student, subject, (data,), cost, train)


def train(cells: Sequence[Cell[Student, Subject]], making: Making) -> None:
    """Trains students, several at a time."""
    todo = [cell.job for cell in cells if cell.job is not None]
    cell_of = {student.folder: cell for student, cell in zip(todo, cells, strict=True)}

    def failed(student: Student, error: Exception) -> None:
        making.failed(cell_of[student.folder], str(error))

    with timed() as seconds:
        try:
            train_students(todo, making.reporter, workers=making.workers, on_failed=failed)
        except RuntimeError:
            # A worker process died and took the others with it: alone, each student says whether it is the one.
            for student in todo:
                try:
                    train_students([student], making.reporter, workers=1, on_failed=failed)
                except RuntimeError as error:
                    failed(student, error)
    # Students of all bases are trained at once, so that time is shared by tokens.
    workers = making.workers.actors if isinstance(making.workers, Ray) else making.workers
    together = min(workers, len(todo))
    amounts: Counter[str] = Counter()
    for student in todo:
        amounts[student.base.digest] += cell_of[student.folder].cost.tokens if student.trained else 0
    for base, amount in amounts.items():
        share = amount / max(1, amounts.total())
        making.speeds.record(Timing("train", base, amount, seconds[0] * together * share))


def ask(cells: Sequence[Cell[EvalJob, EvalResult]], making: Making, *, folder: Path, engine: EngineName) -> None:
    """Asks models, through each base loaded once."""
    todo = {cell.job.key: cell for cell in cells if cell.job is not None}
    jobs = [cell.job for cell in todo.values() if cell.job is not None]

    def failed(job: EvalJob, error: StrigilError) -> None:
        making.failed(todo[job.key], error.message)

    with timed() as seconds:
        evaluate(jobs, folder, making.reporter, engine=engine, on_failed=failed)
    for base, count in Counter(job.subject.base.digest for job in jobs).items():
        making.speeds.record(Timing("ask", base, count, seconds[0] * count / len(jobs)))
