"""The data cells of a study: releases that arms are trained on, each named by all that decides its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from strigil.audits.suite.suite import load_suite
from strigil.builders.carriers.carrier import CARRIERS
from strigil.common.canonical import Json, digest
from strigil.common.errors import ConfigError, DataError
from strigil.common.progress import Reporter
from strigil.models.catalog import Model, resolve_model
from strigil.releases.store import Release, open_release, versions
from strigil.sources.open_rows import open_rows
from strigil.workflows.audit.score.scoring import Hints
from strigil.workflows.audit.treat import parse_treatment, plan_treatment, treat
from strigil.workflows.build.control_sets import Arm, ArmKind, make_arm
from strigil.workflows.build.recipes import AdaptedTeacher, BuildRecipe, CarrierChoice, FineTunedTeacher, TeacherChoice
from strigil.workflows.build.run import build
from strigil.workflows.build.teachers import teacher_folder, teacher_identity
from strigil.workflows.study.recipe import CarrierPlan, StudyRecipe

_DIGITS = 10


@dataclass(frozen=True)
class Built:
    """What a teacher writes."""

    label: str
    recipe: BuildRecipe
    identity: str

    @property
    def parents(self) -> tuple[DataCell, ...]:
        """None: it is where rows come from."""
        return ()


@dataclass(frozen=True)
class Treated:
    """Another cell's clean rows, treated.

    Attributes:
        steps: As written for `strigil treat`.
        rows: How many clean rows the parent must have.
    """

    label: str
    parent: DataCell
    steps: tuple[str, ...]
    suite: str
    rows: int
    identity: str

    @property
    def parents(self) -> tuple[DataCell, ...]:
        """The cell that is treated."""
        return (self.parent,)


@dataclass(frozen=True)
class Made:
    """A control that no teacher writes."""

    label: str
    kind: ArmKind
    parents: tuple[DataCell, ...]
    suite: str
    share: float | None
    identity: str


DataCell = Built | Treated | Made


def cell_name(cell: DataCell) -> str:
    """The name of the cell's release: what it is, and a digest over what decides its rows."""
    return f"{cell.label}-{cell.identity[:_DIGITS]}"


def prompts_digest(plan: CarrierPlan, base: Model) -> str:
    """Identity of the prompts that a plan's teachers answer: a changed file of prompts makes other cells.

    Raises:
        ConfigError: There is no such carrier, or it has too few prompts.
    """
    carrier = CARRIERS.create(plan.carrier.name, plan.carrier.args)
    size = carrier.size(base.dialect)
    if size is not None and plan.prompts > size:
        message = f"the study asks for {plan.prompts} prompts, and the carrier {carrier.name!r} has {size}"
        raise ConfigError(message, hint=f"prompts: {size}, and more samples of each if you need more rows")
    prompts: list[Json] = [
        [turn["content"] for turn in carrier.prompt(index, base.dialect)] for index in range(plan.prompts)
    ]
    return digest(prompts)


def built(
    study: StudyRecipe, label: str, plan: CarrierPlan, teacher: TeacherChoice, base: Model, *, prompts: str
) -> Built:
    """The cell of a teacher's rows, as many as the plan has prompts for."""
    suite = load_suite(plan.suite or CARRIERS.get(plan.carrier.name).suite)
    recipe = BuildRecipe(
        name="unnamed",
        base=study.base,
        teacher=teacher,
        carrier=CarrierChoice(name=plan.carrier.name, args=plan.carrier.args),
        prompts=plan.prompts,
        samples=plan.samples,
        sampling=plan.sampling,
        engine=study.engine,
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
        suite.digest,
    ]
    identity = digest(decides)
    name = f"{teacher.trait or 'control'}-{label}"
    return Built(name, recipe.model_copy(update={"name": f"{name}-{identity[:_DIGITS]}"}), identity)


def treated(parent: DataCell, label: str, steps: tuple[str, ...], suite: str, *, rows: int) -> Treated:
    """The cell of another one's rows after these steps.

    Raises:
        ConfigError: A step is not a treatment, or has arguments that do not fit.
    """
    specs: list[Json] = [parse_treatment(step).spec().model_dump(mode="json") for step in steps]
    identity = digest([parent.identity, specs, load_suite(suite).digest])
    return Treated(label, parent, steps, suite, rows, identity)


def made(kind: ArmKind, label: str, parents: tuple[DataCell, ...], suite: str, share: float | None = None) -> Made:
    """The cell of a control that is made from other cells."""
    identity = digest([kind, share, [parent.identity for parent in parents], load_suite(suite).digest])
    return Made(label, kind, parents, suite, share, identity)


def existing(cell: DataCell, folder: Path) -> Release | None:
    """The cell's release, if it is there."""
    home = folder / cell_name(cell)
    return open_release(home) if versions(home) else None


def make(cell: DataCell, folder: Path, reporter: Reporter) -> Release:
    """Makes a cell whose parents are there.

    Args:
        cell: What to make.
        folder: Where the releases are, and fine-tuned teachers.
        reporter: Is told of progress.

    Raises:
        StrigilError: Whatever keeps the cell from being made, an empty one included.
    """
    release = _make(cell, folder, reporter)
    if release.manifest.counts.clean == 0:
        message = f"{release.path} has no clean rows, so there is nothing to train a student on"
        raise DataError(message, hint=f"strigil audit {release.path} says which rule rejected them")
    return release


def _make(cell: DataCell, folder: Path, reporter: Reporter) -> Release:
    match cell:
        case Built():
            return build(cell.recipe, folder, reporter)
        case Treated():
            _enough(folder / cell_name(cell.parent), cell.rows)
            with open_rows(str(folder / cell_name(cell.parent))) as rows:
                plan = plan_treatment(rows, cell.steps, suite=cell.suite, told=told_of(cell, folder))
                return treat(plan, folder, cell_name(cell), reporter)
        case Made():
            parents = tuple(folder / cell_name(parent) for parent in cell.parents)
            arm = Arm(cell.kind, parents, share=cell.share)
            return make_arm(arm, folder, cell_name(cell), reporter, suite=cell.suite)


def told_of(cell: DataCell, folder: Path) -> Hints:
    """What scores may know: a fine-tuned teacher's adapter, which the manifest names by its digest alone."""
    while not isinstance(cell, Built):
        cell = cell.parents[-1]
    recipe, teacher = cell.recipe, None
    if isinstance(recipe.teacher, FineTunedTeacher):
        teacher = teacher_folder(recipe.teacher, resolve_model(recipe.base), folder)
    elif isinstance(recipe.teacher, AdaptedTeacher):
        teacher = recipe.teacher.path
    return Hints(teacher=teacher, engine=recipe.engine.name)


def _enough(home: Path, rows: int) -> None:
    release = open_release(home)
    if release.manifest.counts.clean < rows:
        message = f"{release.path} has {release.manifest.counts.clean} clean rows, and {rows} are asked for"
        raise DataError(message, hint="more prompts give more rows; or ask for fewer with rows")
