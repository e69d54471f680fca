"""`strigil study plan`: the cells of a study, which of them are there, and what the others cost; makes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strigil.common.errors import StrigilError
from strigil.common.progress import Reporter
from strigil.models.catalog import Model
from strigil.parallel.ray_actors import Ray
from strigil.workflows.audit.score.scoring import kept_tables
from strigil.workflows.study.arms import Bases, StudentArm, bases_of, student_arms
from strigil.workflows.study.artifacts import Outcome, Store
from strigil.workflows.study.data import Built, DataCell, cell_name, existing
from strigil.workflows.study.measures import Questions, known
from strigil.workflows.study.ranked_treatments import ScoredStep, passes, rankings, score_cell, to_score
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.run import is_trained, make_data, student_jobs, training_tokens, whom_to_ask
from strigil.workflows.study.throughput import Speeds, Work, trial


@dataclass(frozen=True)
class PlannedCell:
    """One cell.

    Attributes:
        tokens: To generate, to score or to train on, completions alone and at most; 0 where none are.
        work: What kind of work its amount is, or None where it takes next to no time.
        amount: Tokens, passes of rows that are scored, or models asked.
        base: The model that works.
    """

    what: Literal["data", "score", "student", "measure"]
    name: str
    done: bool
    tokens: int
    work: Work | None
    amount: float
    base: Model


@dataclass(frozen=True)
class StudyPlan:
    """All cells of a study, and how long the missing ones take.

    Attributes:
        seconds: By kind of work; None where nothing of the kind was timed on this machine yet.
    """

    cells: list[PlannedCell]
    arms: list[StudentArm]
    seconds: dict[Work, float | None]

    def count(self, what: str, *, done: bool) -> int:
        """Cells of a kind that are there, or that are not."""
        return sum((cell.what, cell.done) == (what, done) for cell in self.cells)

    def tokens(self, what: str) -> int:
        """Tokens that the missing cells of a kind take, at most."""
        return sum(cell.tokens for cell in self.cells if cell.what == what and not cell.done)


def plan_study(study: StudyRecipe, store: Store, reporter: Reporter, *, workers: int | Ray) -> StudyPlan:
    """Lists every cell; random drops are listed for every treatment, since which drop rows is known only afterwards.

    Raises:
        ConfigError: The study names something that does not exist.
        PrerequisiteError: A model or a library is missing.
    """
    bases = bases_of(study)
    outcome = Outcome()
    make_data(student_arms(study, bases), store, outcome, lambda _: None)
    cells = [
        *_data(bases, store, outcome),
        *_scores(study, bases, store, outcome),
        *_students(study, store, outcome),
        *_measures(study, bases, store, outcome),
    ]
    return StudyPlan(cells, outcome.arms, _seconds(study, store, cells, reporter, workers=workers))


def _data(bases: Bases, store: Store, outcome: Outcome) -> list[PlannedCell]:
    cells: dict[str, DataCell] = {}
    for arm in outcome.arms:
        for cell in (arm.data, *([arm.like] if arm.like is not None else [])):
            _collect(cell, cells, store)
    planned = []
    for cell in cells.values():
        tokens = 0
        if isinstance(cell, Built):
            tokens = cell.recipe.prompts * cell.recipe.samples * cell.recipe.sampling.max_tokens
        work: Work | None = "generate" if isinstance(cell, Built) else None
        done = existing(cell, store.data) is not None
        planned.append(PlannedCell("data", cell_name(cell), done, tokens, work, tokens, bases.teachers))
    return planned


def _collect(cell: DataCell, cells: dict[str, DataCell], store: Store) -> None:
    """The cell and what it is made from, unless it is there already and its parents are gone."""
    for parent in cell.parents:
        if existing(cell, store.data) is None or existing(parent, store.data) is not None:
            _collect(parent, cells, store)
    cells.setdefault(cell.identity, cell)


def _scores(study: StudyRecipe, bases: Bases, store: Store, outcome: Outcome) -> list[PlannedCell]:
    """What ranked treatments go by: scores of the trait's rows, and of the neutral ones that they are compared with."""
    planned: dict[str, PlannedCell] = {}
    for step in rankings(outcome.arms).values():
        if step.score is None or step.control is None:
            continue
        amount = passes(step.score, step.data.rows)
        tokens = int(amount * study.carriers[step.arm.carrier].sampling.max_tokens)
        for data, done in zip((step.data.parent, step.control), _scored(step, store), strict=True):
            name = score_cell(step, data)
            work: Work | None = "score" if amount else None
            planned[name] = PlannedCell("score", name, done, tokens, work, amount, bases.teachers)
    return list(planned.values())


def _scored(step: ScoredStep, store: Store) -> list[bool]:
    """Whether the scores of both tables are there."""
    try:
        both = to_score(step, store)
    except StrigilError:
        both = None
    if both is None:
        return [False, False]
    return [table is not None for table in kept_tables(both.score, both.tables, both.known, engine=both.engine)]


def _students(study: StudyRecipe, store: Store, outcome: Outcome) -> list[PlannedCell]:
    student_jobs(study, store, outcome)
    there = {(id(student.arm), student.seed): student.folder for student in outcome.students}
    planned: dict[str, PlannedCell] = {}
    for arm in outcome.arms:
        tokens = training_tokens(study, arm)
        for seed in study.seeds:
            folder = there.get((id(arm), seed))
            name = f"{arm.name} / seed {seed}" if folder is None else folder.name
            done = folder is not None and is_trained(folder)
            planned[name] = PlannedCell("student", name, done, tokens, "train", tokens, arm.base)
    return list(planned.values())


def _measures(study: StudyRecipe, bases: Bases, store: Store, outcome: Outcome) -> list[PlannedCell]:
    questions = Questions(study.traits, study.evaluation, study.engine.name)
    done = {
        asked.name for asked in whom_to_ask(study, bases, store, outcome) if known(store.measures, questions.key(asked))
    }
    models = {f"base {base.id}": base for base in (bases.students, bases.other) if base and study.has("base")}
    models |= {f"{teacher.trait} teacher": bases.teachers for teacher in study.teachers if study.has("teacher")}
    there = {(id(student.arm), student.seed): student.folder.name for student in outcome.students}
    for arm in outcome.arms:
        for seed in study.seeds:
            models[there.get((id(arm), seed), f"{arm.name} / seed {seed}")] = arm.base
    return [PlannedCell("measure", name, name in done, 0, "ask", 1, base) for name, base in models.items()]


def _seconds(
    study: StudyRecipe, store: Store, cells: list[PlannedCell], reporter: Reporter, *, workers: int | Ray
) -> dict[Work, float | None]:
    speeds = Speeds.of(store.out / "cells")
    seconds: dict[Work, float | None] = {"generate": 0.0, "score": 0.0, "train": 0.0, "ask": 0.0}
    tried: dict[str, float] = {}
    for cell in cells:
        if cell.done or cell.work is None:
            continue
        speed = speeds.speed(cell.work, cell.base)
        if speed is None and cell.work == "train":
            if cell.base.digest not in tried:
                reporter.note(f"Timing a few steps of training on {cell.base.id}")
                plan = next(iter(study.carriers.values()))
                tried[cell.base.digest] = trial(cell.base, plan.students or study.students, plan) * (
                    workers.actors if isinstance(workers, Ray) else workers
                )
            speed = tried[cell.base.digest]
        total = seconds[cell.work]
        seconds[cell.work] = None if speed is None or total is None else total + cell.amount / speed
    return seconds
