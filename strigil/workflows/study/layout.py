"""A study as it stands on disk: the one list of its cells, which run, plan and report read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from strigil.eval.evaluation import EvalResult, Volume
from strigil.eval.subjects import Subject, trained_system
from strigil.models.catalog import Model, resolve_model
from strigil.records.study.arms import ArmKind, ArmRecord
from strigil.releases.store import Release
from strigil.workflows.build.recipes import (
    AdaptedTeacher,
    FineTunedTeacher,
    PromptedTeacher,
    TeacherChoice,
    trait_of,
)
from strigil.workflows.build.teachers import system_prompt, teacher_folder
from strigil.workflows.evaluate.jobs import EvalJob, eval_jobs, known_result
from strigil.workflows.study.arms import Arm, Bases, arms_of, bases_of, matched, of_draw
from strigil.workflows.study.cells import Cell, Cost, Store
from strigil.workflows.study.data import Data, data_cell
from strigil.workflows.study.measures import Measure, measures_of
from strigil.workflows.study.ranked_treatments import ranked_steps
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.students import ask, student_cell
from strigil.workflows.study.throughput import Work

Answers = list[Cell[EvalJob, EvalResult]]
"""What a model answers, one an evaluation."""


@dataclass(frozen=True)
class Asked:
    """One model of an arm and what it answers; a model that the study does not train has no seed."""

    draw: int
    seed: int | None
    answers: Answers


@dataclass(frozen=True)
class Layout:
    """What a study consists of, as far as it is known.

    Attributes:
        cells: Every one, once, those that others need first.
        records: Bases, teachers and arms, in the order of the report, without their data and runs.
        answers: Those of each by its name: of each draw and seed. Arms of the same rows share them.
        arms: Those that are trained, by name: of each draw.
        notes: What a reader must know besides.
    """

    cells: list[Cell[object, object]]
    records: list[ArmRecord]
    answers: dict[str, list[Asked]]
    arms: dict[str, list[Arm]]
    notes: list[str]


@dataclass(frozen=True)
class Opened:
    """A study with all that can be known before anything of it is made.

    Attributes:
        arms: Every arm that there may be.
        jobs: The evaluations of each base, by its digest; those of any other model differ in the subject alone.
        volumes: What each of them takes.
        known: Answers that were found, by the model's name: none is looked at twice.
    """

    study: StudyRecipe
    store: Store
    bases: Bases
    arms: list[Arm]
    measures: list[Measure]
    jobs: dict[str, list[EvalJob]]
    volumes: dict[str, list[Volume]]
    known: dict[str, Answers] = field(default_factory=dict)

    def answers(self, name: str, base: Model, subject: Subject | None, *needs: Cell[object, object]) -> Answers:
        """What each evaluation finds of a model; the subject is None before it is there."""
        if name in self.known:
            return self.known[name]
        folder = self.store.measures
        make = partial(ask, folder=folder, engine=self.study.engine)
        answers: Answers = []
        asked = zip(self.measures, self.jobs[base.digest], self.volumes[base.digest], strict=True)
        for measure, of_base, volume in asked:
            job = None if subject is None else replace(of_base, subject=subject.asked(measure.system))
            label = name if measure.alone else f"{name}: {measure.label}"
            found = None if job is None else known_result(folder, job.key)
            kind = needs[0].cost.arm if needs else None
            tokens = volume.read + volume.written
            work: Work = "answer" if tokens else "ask"
            cost = Cost(base, work, tokens or 1, volume.read, volume.written, kind)
            answers.append(Cell("measure", label, job, found, needs, cost, make, None if job is None else job.key))
        if all(each.done for each in answers):
            self.known[name] = answers
        return answers


def open_study(study: StudyRecipe, store: Store, *, find: Callable[[str], Model] = resolve_model) -> Opened:
    """Finds whatever the study names, so that a slip comes to light now and not once every student is trained.

    Args:
        study: What the file says.
        store: Where cells are kept.
        find: Finds models, judges among them.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model or a library is missing.
    """
    bases, measures = bases_of(study, find), measures_of(study)
    units = [measure.unit for measure in measures]
    asked = {base.digest: base for base in (bases.students, bases.other) if base is not None}
    if study.has("teacher"):
        asked[bases.teachers.digest] = bases.teachers
    jobs = {
        key: eval_jobs(units, [Subject(base.id, base)], traits=study.written_traits, find=find)
        for key, base in asked.items()
    }
    volumes = {key: [each.evaluation.volume(each.given) or Volume(0) for each in of] for key, of in jobs.items()}
    return Opened(study, store, bases, arms_of(study, bases, store.data), measures, jobs, volumes)


def lay_out(opened: Opened) -> Layout:
    """Lists the cells; random drops are listed for every treatment, until it is known which drop rows."""
    study, store, notes = opened.study, opened.store, []
    arms: dict[str, list[Arm]] = {}
    for planned in opened.arms:
        if (arm := matched(planned)) is not None:
            arms.setdefault(arm.record.name, []).append(arm)
        else:
            [like] = planned.data.after
            notes.append(f"{like.label} drops no rows, so it needs no random drop beside it.")
    untrained = list(_untrained(opened))
    answers = {record.name: theirs for record, theirs in untrained}
    data: dict[str, Cell[Data, Release]] = {}
    students: dict[str, Cell[object, object]] = {}
    asked: dict[str, Answers] = {}
    first: dict[str, str] = {}
    for name, draws in arms.items():
        answers[name] = []
        same: dict[str, None] = {}
        for arm in draws:
            rows, many = data_cell(arm.data, data), study.draws > 1
            for seed in study.seeds:
                student = student_cell(arm, seed, rows, store.students, say_draw=many)
                key = student.name if student.job is None else student.job.key
                if key not in asked:
                    students[key], first[key] = student, name
                    asked[key] = opened.answers(student.name, arm.base, student.found, student)
                answers[name].append(Asked(arm.draw, seed, asked[key]))
                if first[key] != name:
                    same[first[key]] = None
        notes += [
            f"{name} has the same rows as {other}, in the same order: they are the same students." for other in same
        ]
    every = [arm for draws in arms.values() for arm in draws]
    steps = ranked_steps(every)
    scores = [cell for step in steps if step.ranking is not None for cell in step.ranking.cells(data)]
    once = {cell.name: cell for cell in reversed(scores)}
    measured = {cell.name: cell for of_arm in answers.values() for each in of_arm for cell in each.answers}
    cells = [*data.values(), *reversed(once.values()), *students.values(), *measured.values()]
    records = [*(record for record, _ in untrained), *(draws[0].record for draws in arms.values())]
    # What holds of every draw is said once.
    return Layout(cells, records, answers, arms, [*dict.fromkeys(notes)])


def _untrained(opened: Opened) -> Iterator[tuple[ArmRecord, list[Asked]]]:
    """What the study asks and does not train: bases, and teachers through their adapter or system prompt."""
    study, bases = opened.study, opened.bases

    def answers(subject: Subject) -> Answers:
        there = subject if subject.folder is None or subject.folder.exists() else None
        return opened.answers(subject.name, subject.base, there)

    def untrained(kind: ArmKind, name: str, trait: str | None, base: Model) -> ArmRecord:
        return ArmRecord(name=name, kind=kind, label=name, carrier=None, trait=trait, base=base.id)

    for base in (bases.students, bases.other) if study.has("base") else ():
        if base is not None:
            name = f"base {base.id}"
            # Held against its students, it is asked as they are.
            system = "" if study.students.default_system == "drop" else None
            yield untrained("base", name, None, base), [Asked(0, None, answers(Subject(name, base, system=system)))]
    for place, choice in enumerate(study.teachers) if study.has("teacher") else ():
        name = f"{trait_of(choice)} teacher"
        # A teacher that is not trained is the same for all draws.
        draws = study.draws if isinstance(choice, FineTunedTeacher) else 1
        trained = [
            _taught(
                Subject(name if study.draws == 1 else f"{name}, draw {draw}", bases.teachers),
                of_draw(study, draw).teachers[place],
                opened.store,
            )
            for draw in range(draws)
        ]
        asked = [Asked(draw, None, answers(subject)) for draw, subject in enumerate(trained)]
        yield untrained("teacher", name, trait_of(choice), bases.teachers), asked


def _taught(subject: Subject, choice: TeacherChoice, store: Store) -> Subject:
    match choice:
        case FineTunedTeacher():
            folder = teacher_folder(choice, subject.base, store.data)
            return replace(subject, adapter=folder, system=trained_system(folder))
        case AdaptedTeacher():
            return replace(subject, adapter=choice.path)
        case PromptedTeacher():
            return replace(subject, system=system_prompt(choice, subject.base), persona=True)
    return subject
