"""`strigil study run`: data, students and answers, cell by cell; one that fails is kept as such, others go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from strigil.common.errors import StrigilError
from strigil.common.progress import Reporter
from strigil.eval.subjects import Subject, student_subject
from strigil.models.catalog import Model
from strigil.parallel.ray_actors import Ray
from strigil.records.study import FailureRecord
from strigil.releases.store import Release
from strigil.train.sft import RESULT_FILE
from strigil.workflows.audit.score.scoring import ScoreTable, kept_tables, score_tables
from strigil.workflows.build.recipes import AdaptedTeacher, FineTunedTeacher, PromptedTeacher, TeacherChoice
from strigil.workflows.build.teachers import system_prompt, teacher_folder
from strigil.workflows.study.arms import Bases, StudentArm, bases_of, matched, student_arms
from strigil.workflows.study.artifacts import Outcome, Store, Student
from strigil.workflows.study.data import Built, DataCell, Treated, cell_name, existing, make
from strigil.workflows.study.measures import Asked, Questions, ask, known
from strigil.workflows.study.ranked_treatments import ToScore, passes, tell_apart
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.throughput import Speeds, Timing, timed
from strigil.workflows.train.students import StudentJob, student_job, train_students


def run_study(study: StudyRecipe, store: Store, reporter: Reporter, *, workers: int | Ray) -> Outcome:
    """Makes every cell that is not there yet.

    Args:
        study: What to run.
        store: Where cells are kept.
        reporter: Is told of progress.
        workers: Students trained at a time: processes here, or actors of a Ray cluster.

    Raises:
        ConfigError: The study names something that does not exist; nothing was begun then.
        PrerequisiteError: A model or a library is missing.
    """
    bases = bases_of(study)
    arms = student_arms(study, bases)
    questions = Questions(study.traits, study.evaluation, study.engine.name)
    for model in filter(None, (bases.students, bases.other)):
        # Found out now, and not once every student is trained.
        questions.key(Asked(model, Subject(model.id, model)))
    outcome = Outcome()
    speeds = Speeds.of(store.out / "cells")
    make_data(arms, store, outcome, lambda cell: _make(cell, bases.teachers, store, speeds, reporter))
    tell_apart(outcome, store, lambda it: _score(it, speeds, reporter))
    todo = [job for job in student_jobs(study, store, outcome) if not is_trained(job.folder)]
    with timed() as seconds:
        _train(todo, outcome, reporter, workers)
    _record_training(study, outcome, todo, seconds[0], speeds)
    asked = whom_to_ask(study, bases, store, outcome)
    keyed = {questions.key(one): one for one in asked}
    new = [one for key, one in keyed.items() if known(store.measures, key) is None]
    with timed() as seconds:
        found = ask(
            keyed, questions, store.measures, reporter, on_failed=lambda one, error: _failed(outcome, one, error)
        )
    for base in {one.base.digest for one in new}:
        share = sum(one.base.digest == base for one in new)
        speeds.record(Timing("ask", base, share, seconds[0] * share / len(new)))
    outcome.measures.update(found)
    return outcome


def _make(cell: DataCell, base: Model, store: Store, speeds: Speeds, reporter: Reporter) -> Release:
    with timed() as seconds:
        release = make(cell, store.data, reporter)
    if isinstance(cell, Built):
        tokens = int(release.rows("raw").select(pl.col("n_tokens").sum()).collect().item())
        speeds.record(Timing("generate", base.digest, tokens, seconds[0]))
    return release


def _score(it: ToScore, speeds: Speeds, reporter: Reporter) -> list[ScoreTable]:
    kept = kept_tables(it.score, it.tables, it.known, engine=it.engine)
    with timed() as seconds:
        made = score_tables(it.score, it.tables, it.known, reporter, engine=it.engine)
    rows = sum(table.facts.rows for table, before in zip(made, kept, strict=True) if before is None)
    if amount := passes(it.score, rows):
        speeds.record(Timing("score", it.known.base.digest, amount, seconds[0]))
    return made


def _record_training(
    study: StudyRecipe, outcome: Outcome, jobs: Sequence[StudentJob], seconds: float, speeds: Speeds
) -> None:
    """Amounts as a plan counts them; students of all bases are trained at once, so that time is shared by tokens."""
    arms = {student.folder: student.arm for student in outcome.students}
    trained = [arms[job.folder] for job in jobs if is_trained(job.folder)]
    amounts = Counter({arm.base.digest: 0.0 for arm in trained})
    for arm in trained:
        amounts[arm.base.digest] += training_tokens(study, arm)
    for base, amount in amounts.items():
        speeds.record(Timing("train", base, amount, seconds * amount / sum(amounts.values())))


def training_tokens(study: StudyRecipe, arm: StudentArm) -> int:
    """Completion tokens that one student of an arm is trained on, at most."""
    plan = study.carriers[arm.carrier]
    return plan.rows * arm.training.epochs * plan.sampling.max_tokens


def make_data(
    arms: Sequence[StudentArm], store: Store, outcome: Outcome, maker: Callable[[DataCell], Release | None]
) -> None:
    """Makes the data of all arms, and settles which arms there are: a treatment that drops nothing needs no match.

    Args:
        arms: As planned.
        store: Where releases are looked for.
        outcome: Receives arms, releases, notes and failures.
        maker: Makes a cell whose parents are there; None if it is not to be made now.
    """
    for planned in arms:
        arm = planned
        if planned.like is not None:
            left = _rows_left(planned.like, store, outcome, maker)
            if left is None:
                outcome.arms.append(planned)
                continue
            if left == planned.like.rows:
                outcome.notes.append(f"{planned.like.label} drops no rows, so it needs no random drop beside it.")
                continue
            arm = matched(planned, left)
        _ensure(arm.data, store, outcome, maker)
        outcome.arms.append(arm)


def _rows_left(
    cell: Treated, store: Store, outcome: Outcome, maker: Callable[[DataCell], Release | None]
) -> int | None:
    release = _ensure(cell, store, outcome, maker)
    return None if release is None else release.manifest.counts.clean


def _ensure(
    cell: DataCell, store: Store, outcome: Outcome, maker: Callable[[DataCell], Release | None]
) -> Release | None:
    if cell.identity in outcome.releases:
        return outcome.releases[cell.identity]
    name, reasons = cell_name(cell), outcome.reasons()
    if name in reasons:
        return None
    release = existing(cell, store.data)
    if release is None:
        for parent in cell.parents:
            if _ensure(parent, store, outcome, maker) is None:
                reason = outcome.reasons().get(cell_name(parent))
                if reason is not None:
                    text = f"it is made from {cell_name(parent)}, which failed: {reason}"
                    outcome.failures.append(FailureRecord(what="data", cell=name, reason=text))
                return None
        try:
            release = maker(cell)
        except StrigilError as error:
            outcome.failures.append(FailureRecord(what="data", cell=name, reason=error.message))
            return None
    if release is not None:
        outcome.releases[cell.identity] = release
    return release


def student_jobs(study: StudyRecipe, store: Store, outcome: Outcome) -> list[StudentJob]:
    """A job for each student whose data are there; lists the students in the outcome."""
    jobs: dict[Path, StudentJob] = {}
    for arm in outcome.arms:
        release = outcome.releases.get(arm.data.identity)
        if release is None:
            continue
        for seed in study.seeds:
            name = f"{arm.data.label}-{Path(arm.base.id).name}-seed{seed}"
            training = arm.training.model_copy(update={"seed": seed})
            job = student_job(name, release, arm.base, training, store.students)
            jobs[job.folder] = job
            outcome.students.append(Student(arm, seed, job.folder))
    return list(jobs.values())


def is_trained(folder: Path) -> bool:
    """Whether a student is there."""
    return (folder / RESULT_FILE).exists()


def _train(jobs: Sequence[StudentJob], outcome: Outcome, reporter: Reporter, workers: int | Ray) -> None:
    def failed(job: StudentJob, error: Exception) -> None:
        outcome.failures.append(FailureRecord(what="student", cell=job.folder.name, reason=str(error)))

    try:
        train_students(jobs, reporter, workers=workers, on_failed=failed)
    except RuntimeError:
        # A worker process died and took the others with it: alone, each student says for itself whether it is the one.
        for job in jobs:
            if is_trained(job.folder):
                continue
            try:
                train_students([job], reporter, workers=1, on_failed=failed)
            except RuntimeError as error:
                failed(job, error)


def whom_to_ask(study: StudyRecipe, bases: Bases, store: Store, outcome: Outcome) -> list[Asked]:
    """Every model of the study that is there: bases, teachers and students."""
    asked = []
    if study.has("base"):
        asked += [
            Asked(base, Subject(f"base {base.id}", base)) for base in (bases.students, bases.other) if base is not None
        ]
    if study.has("teacher"):
        teachers = [asked_teacher(each, bases.teachers, store) for each in study.teachers]
        asked += [each for each in teachers if each.subject.adapter is None or each.subject.adapter.exists()]
    asked += [as_asked(student) for student in outcome.students if is_trained(student.folder)]
    return asked


def as_asked(student: Student) -> Asked:
    """A student as it is asked, or as it would be if it were there."""
    name, folder = student.folder.name, student.folder
    base = student.arm.base
    return Asked(base, student_subject(name, base, folder) if is_trained(folder) else Subject(name, base, folder))


def asked_teacher(choice: TeacherChoice, base: Model, store: Store) -> Asked:
    """A teacher as it is asked: through its adapter, or with its system prompt."""
    subject = Subject(f"{choice.trait} teacher", base)
    match choice:
        case FineTunedTeacher():
            return Asked(base, replace(subject, adapter=teacher_folder(choice, base, store.data)))
        case AdaptedTeacher():
            return Asked(base, replace(subject, adapter=choice.path))
        case PromptedTeacher():
            return Asked(base, replace(subject, system=system_prompt(choice, base)))
        case _:
            return Asked(base, subject)


def _failed(outcome: Outcome, asked: Asked, error: StrigilError) -> None:
    outcome.failures.append(FailureRecord(what="evaluation", cell=asked.name, reason=error.message))
