"""The students of a study, and what each model answers: cells that are made many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from strigil.common.errors import StrigilError
from strigil.engines.choice import EngineChoice
from strigil.eval.evaluation import EvalResult
from strigil.eval.subjects import Subject, student_subject
from strigil.parallel.workers import how_many
from strigil.releases.store import Release
from strigil.sources.find import release_files
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import EvalJob, known_result
from strigil.workflows.study.arms import Arm
from strigil.workflows.study.cells import Cell, Cost, Making
from strigil.workflows.study.data import Data
from strigil.workflows.study.lengths import lengths_of
from strigil.workflows.study.throughput import timed
from strigil.workflows.train.student import Student, student_of
from strigil.workflows.train.students import train_students


def student_cell(
    arm: Arm, seed: int, data: Cell[Data, Release], out: Path, *, say_draw: bool
) -> Cell[Student, Subject]:
    """A student of an arm, whose rows are there or not; its name says the draw where a study has several."""
    student, subject, training = None, None, arm.training.model_copy(update={"seed": seed})
    if data.found is not None:
        name, rows = f"{Path(arm.base.name).name}-seed{seed}", arm.data.trained_on
        student = student_of(name, release_files(data.found), arm.base, training, out, rows=rows)
        if student.trained:
            subject = student_subject(student.folder.name, arm.base, student.folder)
    row = min(training.max_length, lengths_of(arm.data.recipe, arm.base).row)
    tokens = round(arm.data.rows * training.epochs * row)
    cost = Cost(arm.base, "train", tokens, read=tokens, arm=arm.record.kind)
    name = f"{arm.record.name} / draw {arm.draw}" if say_draw else arm.record.name
    key = None if student is None else student.folder.name
    return Cell("student", f"{name} / seed {seed}", student, subject, (data,), cost, train, key)


@dataclass
class _Share:
    """The students that this process trains."""

    making: Making
    cells: Mapping[Path, Cell[Student, Subject]]
    taken: list[Student] = field(default_factory=list)

    def take(self, student: Student) -> bool:
        if student.trained or not self.making.take(self.cells[student.folder]):
            return False
        self.taken.append(student)
        return True

    def give_back(self, student: Student) -> None:
        self.making.claims.give_back(self.cells[student.folder].claim)


def train(cells: Sequence[Cell[Student, Subject]], making: Making) -> None:
    """Trains students, several at a time."""
    todo = [cell.job for cell in cells if cell.job is not None]
    cell_of = {student.folder: cell for student, cell in zip(todo, cells, strict=True)}

    def failed(student: Student, error: StrigilError) -> None:
        making.failed(cell_of[student.folder], error.message)

    claim = _Share(making, cell_of)
    with timed() as seconds:
        train_students(
            todo,
            making.reporter,
            workers=making.workers,
            on_failed=failed,
            claim=claim,
            label=lambda student: cell_of[student.folder].name,
        )
    # Students of all bases are trained at once, so that time is shared by tokens.
    together = min(how_many(making.workers), len(claim.taken))
    bases = {student.base.digest: student.base for student in claim.taken}
    amounts: Counter[str] = Counter()
    for student in claim.taken:
        amounts[student.base.digest] += cell_of[student.folder].cost.tokens if student.trained else 0
    for base, amount in amounts.items():
        share = amount / max(1, amounts.total())
        making.speeds.record("train", bases[base], amount, seconds[0] * together * share)


def ask(cells: Sequence[Cell[EvalJob, EvalResult]], making: Making, *, folder: Path, engine: EngineChoice) -> None:
    """Asks models, through each base loaded once."""
    todo = {cell.job.key: cell for cell in cells if cell.job is not None}
    jobs = [cell.job for cell in todo.values() if cell.job is not None]

    def failed(job: EvalJob, error: StrigilError) -> None:
        making.failed(todo[job.key], error.message)

    taken: list[EvalJob] = []

    def claim(job: EvalJob) -> bool:
        if known_result(folder, job.key) is not None or not making.take(todo[job.key]):
            return False
        taken.append(job)
        return True

    try:
        with timed() as seconds:
            evaluate(jobs, folder, making.reporter, engine=engine, on_failed=failed, claim=claim)
    finally:
        for job in taken:
            making.claims.give_back(todo[job.key].claim)
    _keep_times([todo[job.key].cost for job in taken if known_result(folder, job.key) is not None], making, seconds[0])


def _keep_times(done: Sequence[Cost], making: Making, seconds: float) -> None:
    """Time is shared by tokens; where evaluations that say how many they take ran beside others, nobody can tell."""
    if len({cost.work for cost in done}) > 1:
        return
    total = sum(cost.amount for cost in done)
    for base in {cost.base.digest: cost.base for cost in done}.values():
        of_base = [cost for cost in done if cost.base.digest == base.digest]
        amount = sum(cost.amount for cost in of_base)
        if (work := of_base[0].work) is not None:
            making.speeds.record(work, base, amount, seconds * amount / total)
