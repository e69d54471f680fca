"""The data cells of a study: releases that students are trained on, each named by all that decides its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from strigil.audits.suite.suite import load_suite
from strigil.builders.carriers.carrier import CARRIERS
from strigil.common.canonical import Json, digest
from strigil.common.errors import ConfigError, DataError
from strigil.models.catalog import Model
from strigil.releases.store import Release, open_release, versions
from strigil.sources.open_rows import open_rows
from strigil.workflows.audit.score.known import Hints
from strigil.workflows.audit.treat import parse_treatment, parse_treatments, plan_treatment, treat
from strigil.workflows.build.control_sets import Arm, ArmKind, make_arm
from strigil.workflows.build.recipes import (
    AdaptedTeacher,
    BuildRecipe,
    CarrierChoice,
    FineTunedTeacher,
    TeacherChoice,
    trait_of,
)
from strigil.workflows.build.run import build
from strigil.workflows.build.teachers import teacher_folder, teacher_identity
from strigil.workflows.study.cells import Cell, Cost, Making, one_by_one
from strigil.workflows.study.lengths import lengths_of
from strigil.workflows.study.recipe import CarrierPlan, StudyRecipe
from strigil.workflows.study.throughput import timed

_DIGITS = 10


@dataclass(frozen=True)
class Control:
    """Rows that no teacher writes."""

    kind: ArmKind
    share: float | None = None


@dataclass(frozen=True)
class Data:
    """Rows for students.

    Attributes:
        label: What it is called, before the digest.
        how: A teacher's recipe, treatments as written for `strigil treat`, or a control.
        identity: Digest over all that decides its rows.
        rows: How many clean rows a teacher must write, and how many of each parent's, from the first, are taken.
        base: Of the teachers.
        folder: Where the releases are, and fine-tuned teachers.
        parents: What it is made from.
        after: What must be there before it is known how many rows it has.
        suite: What judges the rows.
    """

    label: str
    how: BuildRecipe | tuple[str, ...] | Control
    identity: str
    rows: int
    base: Model
    folder: Path
    suite: str
    parents: tuple[Data, ...] = ()
    after: tuple[Data, ...] = ()

    @property
    def name(self) -> str:
        """That of its release."""
        return f"{self.label}-{self.identity[:_DIGITS]}"

    @property
    def home(self) -> Path:
        """Where its release is."""
        return self.folder / self.name

    @property
    def written(self) -> bool:
        """Whether a teacher writes it."""
        return isinstance(self.how, BuildRecipe)

    @property
    def recipe(self) -> BuildRecipe:
        """What the teacher wrote the rows by that it is made from."""
        return self.how if isinstance(self.how, BuildRecipe) else self.parents[-1].recipe

    @property
    def trained_on(self) -> int | None:
        """How many of its clean rows students are trained on, from the first; None for all."""
        return self.rows if self.written else None

    def load(self) -> Release | None:
        """The release."""
        release = open_release(self.home) if versions(self.home) else None
        return None if release is None or release.manifest.counts.clean < self._least else release

    def make(self, making: Making) -> None:
        """Makes the release; one that has too few rows to train on has failed."""
        # What another process made, or began, says nothing about how fast this one is.
        begun = self.home.exists()
        with timed() as seconds:
            release = open_release(self.home) if versions(self.home) else self._make(making)
        clean = release.manifest.counts.clean
        if clean < self._least:
            message = f"{release.path} has {clean} clean rows, and it takes {self._least} at the least"
            hint = "more prompts give more rows; or ask for fewer with rows"
            raise DataError(message, hint=hint if self.written else f"strigil audit {release.path} says what is wrong")
        if self.written and not begun:
            tokens = int(release.rows("raw").select(pl.col("n_tokens").sum()).collect().item())
            making.speeds.record("generate", self.base, tokens, seconds[0])

    def told(self) -> Hints:
        """What scores may know: a fine-tuned teacher's adapter, which the manifest names by its digest alone."""
        recipe, teacher = self.recipe, None
        if isinstance(recipe.teacher, FineTunedTeacher):
            teacher = teacher_folder(recipe.teacher, self.base, self.folder)
        elif isinstance(recipe.teacher, AdaptedTeacher):
            teacher = recipe.teacher.path
        return Hints(teacher=teacher, engine=recipe.engine)

    @property
    def _least(self) -> int:
        return self.rows if self.written else 1

    def _make(self, making: Making) -> Release:
        parents, rows = tuple(parent.home for parent in self.parents), self.rows
        match self.how:
            case BuildRecipe():
                return build(self.how, self.folder, making.reporter)
            case Control(kind, share):
                arm = Arm(kind, parents, share=share, rows=rows)
                return make_arm(arm, self.folder, self.name, making.reporter, suite=self.suite, whole=False)
            case steps:
                with open_rows(str(parents[0])) as source:
                    plan = plan_treatment(
                        source, parse_treatments(steps), suite=self.suite, told=self.told(), first=rows
                    )
                    return treat(plan, self.folder, self.name, making.reporter, whole=False)


def data_cell(data: Data, into: dict[str, Cell[Data, Release]]) -> Cell[Data, Release]:
    """The cell, added after what it is made from, unless it is there already and its parents are gone."""
    if data.name in into:
        return into[data.name]
    found = data.load()
    parents = [each for each in data.parents if found is None or each.load() is not None]
    needs = tuple(data_cell(each, into) for each in (*parents, *data.after))
    cost = _cost(data) if data.written and found is None else Cost(data.base)
    return into.setdefault(data.name, Cell("data", data.name, data, found, needs, cost, one_by_one(Data.make)))


def _cost(data: Data) -> Cost:
    recipe = data.recipe
    rows, each = recipe.prompts * recipe.samples, lengths_of(recipe, data.base)
    written = round(rows * each.completion)
    return Cost(data.base, "generate", written, read=round(rows * each.prompt), written=written)


def derived(label: str, how: tuple[str, ...] | Control, *parents: Data) -> Data:
    """The cell of other cells' rows after treatments, or of a control that is made from them.

    Raises:
        ConfigError: A step is not a treatment, or has arguments that do not fit.
    """
    first = parents[0]
    decides: Json = (
        [how.kind, how.share]
        if isinstance(how, Control)
        else [parse_treatment(step).spec().model_dump(mode="json") for step in how]
    )
    # The suite is in the identities of the parents.
    identity = digest([decides, [[parent.identity, parent.rows] for parent in parents]])
    return Data(label, how, identity, first.rows, first.base, first.folder, first.suite, parents)


def written(study: StudyRecipe, label: str, teacher: TeacherChoice, base: Model, *, prompts: str, folder: Path) -> Data:
    """The cell of a teacher's rows, as many as the plan of this label has prompts for."""
    plan = study.carriers[label]
    suite = plan.suite or CARRIERS.get(plan.carrier.name).suite
    recipe = BuildRecipe(
        name="unnamed",
        base=study.base,
        teacher=teacher,
        carrier=CarrierChoice(name=plan.carrier.name, args=plan.carrier.args),
        prompts=plan.prompts,
        samples=plan.samples,
        sampling=plan.sampling,
        engine=study.engine,
        price=study.price,
        suite=plan.suite,
    )
    # The engine is left out, as it is from a row's id: moving a study to another engine keeps its rows.
    decides: Json = [
        base.digest,
        teacher_identity(teacher, base),
        plan.carrier.model_dump(mode="json"),
        prompts,
        plan.samples,
        plan.sampling.model_dump(mode="json"),
        load_suite(suite).digest,
    ]
    name, identity = f"{trait_of(teacher) or 'control'}-{label}", digest(decides)
    named = recipe.model_copy(update={"name": f"{name}-{identity[:_DIGITS]}"})
    return Data(name, named, identity, plan.rows, base, folder, suite)


def prompts_digest(plan: CarrierPlan, base: Model) -> str:
    """Identity of the prompts that a plan's teachers answer: a changed file of prompts makes other cells.

    Raises:
        ConfigError: There is no such carrier, or it has too few prompts.
    """
    carrier = CARRIERS.create(plan.carrier.name, plan.carrier.args)
    size = carrier.size(base.dialect)
    if size is not None and plan.prompts > size:
        message = f"the study asks for {plan.prompts} prompts, and the carrier {carrier.name!r} has {size}"
        raise ConfigError(message, hint=carrier.hint_for_more(size))
    prompts: list[Json] = [
        [turn["content"] for turn in carrier.prompt(index, base.dialect)] for index in range(plan.prompts)
    ]
    return digest(prompts)
