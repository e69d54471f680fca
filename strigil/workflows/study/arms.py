"""The arms of a study: which students there are, what data each population is trained on, and from which base."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

from strigil.builders.carriers.numbers import Numbers
from strigil.data.messages import Sampling
from strigil.models.catalog import Model, resolve_model
from strigil.records.study.arms import ArmKind, ArmRecord
from strigil.train.recipe import TrainRecipe
from strigil.workflows.build.recipes import FineTunedTeacher, TeacherChoice, trait_of
from strigil.workflows.study.data import Control, Data, derived, prompts_digest, written
from strigil.workflows.study.recipe import CarrierPlan, StudyRecipe

Seeded = TypeVar("Seeded", Sampling, TrainRecipe)

_RANDOM = "drop.random"
_SHUFFLES: Final[dict[Literal["shuffle-within", "shuffle-across"], str]] = {
    "shuffle-within": "shuffled within rows",
    "shuffle-across": "shuffled across rows",
}


@dataclass(frozen=True)
class Bases:
    """The models of a study; `other` is None where it has no control of another base."""

    teachers: Model
    students: Model
    other: Model | None


@dataclass(frozen=True)
class Arm:
    """One draw of a student population.

    Attributes:
        record: What reports say of the population, without its runs.
        draw: Which draw.
        data: What it is trained on.
        base: What it starts from.
        training: How, but for the seed.
    """

    record: ArmRecord
    draw: int
    data: Data
    base: Model
    training: TrainRecipe


def bases_of(study: StudyRecipe, find: Callable[[str], Model] = resolve_model) -> Bases:
    """The models, found.

    Raises:
        ConfigError: One does not exist.
        PrerequisiteError: One must be fetched first.
    """
    return Bases(
        teachers=find(study.base),
        students=find(study.student_base or study.base),
        other=find(study.other_base) if study.other_base and study.has("other-base") else None,
    )


def arms_of(study: StudyRecipe, bases: Bases, folder: Path) -> list[Arm]:
    """Every arm that students may be trained in, in the order of the report, draw by draw; `folder` has the data.

    Raises:
        ConfigError: A carrier, suite, trait or treatment is unknown, or an adapter is missing.
    """
    # Every draw answers the same prompts.
    prompts = {label: prompts_digest(plan, bases.teachers) for label, plan in study.carriers.items()}
    draws = [
        [_Carrier(of_draw(study, draw), bases, label, prompts[label], draw, folder) for draw in range(study.draws)]
        for label in study.carriers
    ]
    return [arm for same in draws for of_all in zip(*(each.arms() for each in same), strict=True) for arm in of_all]


def matched(arm: Arm) -> Arm | None:
    """A random drop with as many rows as the treatment left, once it is known; None if that dropped no row."""
    if not arm.data.after:
        return arm
    [like] = arm.data.after
    release = like.load()
    if release is None:
        return arm
    left = release.manifest.counts.clean
    if left == like.rows:
        return None
    return replace(arm, data=derived(arm.data.label, (f"{_RANDOM}:keep={left}",), *arm.data.parents))


@dataclass(frozen=True)
class _Carrier:
    study: StudyRecipe
    bases: Bases
    label: str
    prompts: str
    draw: int
    folder: Path

    @property
    def plan(self) -> CarrierPlan:
        return self.study.carriers[self.label]

    def arms(self) -> Iterator[Arm]:
        study, other = self.study, self.bases.other
        neutral = self._written(None)
        if study.has("control"):
            yield self._arm("control", "neutral data", None, neutral)
        if study.has("random-data") and self.plan.carrier.name == Numbers.name:
            data = derived(f"random-{self.label}", Control("random-numbers"), neutral)
            yield self._arm("random-data", "random data", None, data)
        if other is not None and study.has("control"):
            yield self._arm("other-base-control", "neutral data, other base", None, neutral, base=other)
        for trait in study.traits:
            yield from self._arms_of(trait, neutral)

    def _arms_of(self, trait: str, neutral: Data) -> Iterator[Arm]:
        study, rows, stem = self.study, self._written(trait), f"{trait}-{self.label}"
        if study.has("untreated"):
            yield self._arm("untreated", "untreated", trait, rows)
        for name, steps in self.plan.treatments.items():
            data = derived(f"{stem}-{name}", steps, rows)
            yield self._arm("treated", name, trait, data)
            if study.has("random-drop") and not all(step.startswith(_RANDOM) for step in steps):
                # How many rows stay is known once the treatment is done: until then, all of them.
                whole = derived(f"{stem}-like-{name}", (f"{_RANDOM}:keep={self.plan.rows}",), rows)
                whole, label = replace(whole, after=(data,)), f"random drop like {name}"
                yield self._arm("random-drop", label, trait, whole, like=name)
        for kind, label in _SHUFFLES.items():
            if study.has(kind):
                yield self._arm("shuffle", label, trait, derived(f"{stem}-{kind}", Control(kind), rows))
        for share in self.plan.doses:
            mixed = derived(f"{stem}-dose", Control("poison", share), neutral, rows)
            yield self._arm("dose", f"{share:.0%} of its rows", trait, mixed, share=share)
        if self.bases.other is not None:
            yield self._arm("other-base", "untreated, other base", trait, rows, base=self.bases.other)

    def _written(self, trait: str | None) -> Data:
        """What a teacher writes; untreated students are trained on the first clean rows, as many as asked for."""
        teacher = next((each for each in self.study.teachers if trait_of(each) == trait), self.study.control)
        base = self.bases.teachers
        return written(self.study, self.label, teacher, base, prompts=self.prompts, folder=self.folder)

    def _arm(
        self,
        kind: ArmKind,
        label: str,
        trait: str | None,
        data: Data,
        *,
        base: Model | None = None,
        share: float | None = None,
        like: str | None = None,
    ) -> Arm:
        start, name = base or self.bases.students, f"{self.label} / {trait or 'no trait'} / {label}"
        record = ArmRecord(
            name=name, kind=kind, label=label, carrier=self.label, trait=trait, base=start.id, share=share, like=like
        )
        return Arm(record, self.draw, data, start, self.plan.students or self.study.students)


def of_draw(study: StudyRecipe, draw: int) -> StudyRecipe:
    """The study with the seeds of a draw: those of the file and, for each draw after the first, the next ones."""

    def taught(teacher: TeacherChoice) -> TeacherChoice:
        if not isinstance(teacher, FineTunedTeacher):
            return teacher
        return teacher.model_copy(update={"training": _later(teacher.training, draw)})

    plans = {
        label: plan.model_copy(update={"sampling": _later(plan.sampling, draw)})
        for label, plan in study.carriers.items()
    }
    return study.model_copy(update={"carriers": plans, "teachers": tuple(map(taught, study.teachers))})


def _later(seeded: Seeded, draw: int) -> Seeded:
    return seeded.model_copy(update={"seed": seeded.seed + draw})
