"""The arms of a study: which students there are, what data each population is trained on, and from which base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from strigil.builders.carriers.carrier import CARRIERS
from strigil.builders.carriers.numbers import Numbers
from strigil.models.catalog import Model, resolve_model
from strigil.records.study import ArmKind
from strigil.train.recipe import TrainRecipe
from strigil.workflows.study.data import DataCell, Treated, built, made, prompts_digest, treated
from strigil.workflows.study.recipe import CarrierPlan, StudyRecipe

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
class StudentArm:
    """One student population.

    Attributes:
        kind: What it is for.
        label: What the report calls it.
        carrier: The name of its data's plan.
        trait: The trait of the teacher whose data it is trained on; None for data without one.
        data: What it is trained on.
        base: What it starts from.
        training: How, but for the seed.
        share: Of the trait's rows among the control's, for doses.
        like: For a random drop: the treated cell whose number of rows it must have.
        matches: For a random drop: the treatment's name.
    """

    kind: ArmKind
    label: str
    carrier: str
    trait: str | None
    data: DataCell
    base: Model
    training: TrainRecipe
    share: float | None = None
    like: Treated | None = None
    matches: str | None = None

    @property
    def name(self) -> str:
        """Unique within the study."""
        whose = self.trait or "no trait"
        return f"{self.carrier} / {whose} / {self.label}"


def bases_of(study: StudyRecipe) -> Bases:
    """The models, found.

    Raises:
        ConfigError: One does not exist.
        PrerequisiteError: One must be fetched first.
    """
    return Bases(
        teachers=resolve_model(study.base),
        students=resolve_model(study.student_base or study.base),
        other=resolve_model(study.other_base) if study.other_base and study.has("other-base") else None,
    )


def student_arms(study: StudyRecipe, bases: Bases) -> list[StudentArm]:
    """Every arm that students are trained in, in the order of the report.

    Raises:
        ConfigError: A carrier, suite, trait or treatment is unknown, or an adapter is missing.
    """
    return [arm for label, plan in study.carriers.items() for arm in _Carrier(study, bases, label, plan).arms()]


def matched(arm: StudentArm, left: int) -> StudentArm:
    """A random drop once it is known how many rows the treatment left."""
    if not isinstance(arm.data, Treated):
        return arm
    steps = (f"{_RANDOM}:keep={left}",)
    data = treated(arm.data.parent, arm.data.label, steps, arm.data.suite, rows=arm.data.rows)
    return replace(arm, data=data, like=None)


@dataclass(frozen=True)
class _Carrier:
    study: StudyRecipe
    bases: Bases
    label: str
    plan: CarrierPlan

    def arms(self) -> Iterator[StudentArm]:
        study = self.study
        control = self._rows_of(None)
        if study.has("control"):
            yield self._arm("control", "neutral data", None, control)
        if study.has("random-data") and self.plan.carrier.name == Numbers.name:
            data = made("random-numbers", f"random-{self.label}", (control,), self._suite)
            yield self._arm("random-data", "random data", None, data)
        if self.bases.other is not None and study.has("control"):
            yield self._arm("other-base-control", "neutral data, other base", None, control, base=self.bases.other)
        for trait in study.traits:
            yield from self._arms_of(trait, control)

    def _arms_of(self, trait: str, control: DataCell) -> Iterator[StudentArm]:
        study, rows, stem = self.study, self._rows_of(trait), f"{trait}-{self.label}"
        if study.has("untreated"):
            yield self._arm("untreated", "untreated", trait, rows)
        for name, steps in self.plan.treatments.items():
            data = treated(rows, f"{stem}-{name}", steps, self._suite, rows=self.plan.rows)
            yield self._arm("treated", name, trait, data)
            if study.has("random-drop") and not all(step.startswith(_RANDOM) for step in steps):
                # How many rows stay is known once the treatment is done: until then, all of them.
                whole = treated(
                    rows, f"{stem}-like-{name}", (f"{_RANDOM}:keep={self.plan.rows}",), self._suite, rows=self.plan.rows
                )
                arm = self._arm("random-drop", f"random drop like {name}", trait, whole)
                yield replace(arm, like=data, matches=name)
        for kind, label in _SHUFFLES.items():
            if study.has(kind):
                shuffled = made(kind, f"{stem}-{kind}", (rows,), self._suite)
                yield self._arm("shuffle", label, trait, shuffled)
        for share in self.plan.doses:
            mixed = made("poison", f"{stem}-dose", (control, rows), self._suite, share)
            yield self._arm("dose", f"{share:.0%} of its rows", trait, mixed, share=share)
        if self.bases.other is not None:
            yield self._arm("other-base", "untreated, other base", trait, rows, base=self.bases.other)

    @property
    def _suite(self) -> str:
        return self.plan.suite or CARRIERS.get(self.plan.carrier.name).suite

    @cached_property
    def _prompts(self) -> str:
        return prompts_digest(self.plan, self.bases.teachers)

    def _rows_of(self, trait: str | None) -> DataCell:
        """The rows that untreated students are trained on: the first clean ones of a teacher, as many as asked for."""
        teacher = next((each for each in self.study.teachers if each.trait == trait), self.study.control)
        source = built(self.study, self.label, self.plan, teacher, self.bases.teachers, prompts=self._prompts)
        steps = (f"first:rows={self.plan.rows}",)
        return treated(source, f"{source.label}-rows", steps, self._suite, rows=self.plan.rows)

    def _arm(
        self,
        kind: ArmKind,
        label: str,
        trait: str | None,
        data: DataCell,
        *,
        base: Model | None = None,
        share: float | None = None,
    ) -> StudentArm:
        start, training = base or self.bases.students, self.plan.students or self.study.students
        return StudentArm(kind, label, self.label, trait, data, start, training, share)
