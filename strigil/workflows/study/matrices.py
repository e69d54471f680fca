"""Students x traits: the arms of a study as matrices, each with its diagonal effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from strigil.records.study import ArmRecord, IntervalRecord, MatrixRecord, MatrixRow
from strigil.stats import DiagonalEffect, Interval, diagonal_effect, diagonal_interval


@dataclass(frozen=True)
class Matrix:
    """One matrix, before its p-value is corrected with the others of the study."""

    carrier: str
    title: str
    arms: tuple[ArmRecord, ...]
    effect: DiagonalEffect | None
    interval: Interval | None
    reason: str | None


def matrices(arms: Sequence[ArmRecord], carrier: str, traits: Sequence[str]) -> list[Matrix]:
    """Untreated students, those of each treatment, and those of another base; each beside its neutral students."""
    if len(traits) < 2:
        return []
    here = [arm for arm in arms if arm.carrier == carrier]
    treated = list(dict.fromkeys(arm.label for arm in here if arm.kind == "treated"))
    groups = [("untreated", [arm for arm in here if arm.kind == "untreated"], "control")]
    groups += [
        (label, [arm for arm in here if arm.kind == "treated" and arm.label == label], "control") for label in treated
    ]
    groups.append(("other base", [arm for arm in here if arm.kind == "other-base"], "other-base-control"))
    return [
        _matrix(carrier, title, [*(arm for arm in here if arm.kind == neutral), *of_trait], traits)
        for title, of_trait, neutral in groups
        if any(run.rates for arm in of_trait for run in arm.runs)
    ]


def record(matrix: Matrix, traits: Sequence[str], p_holm: float | None) -> MatrixRecord:
    """The matrix as the report has it."""
    effect = matrix.effect
    return MatrixRecord(
        carrier=matrix.carrier,
        title=matrix.title,
        traits=list(traits),
        rows=[row for arm in matrix.arms if (row := _row(arm, traits)) is not None],
        effect=None if matrix.interval is None else IntervalRecord.of(matrix.interval),
        p=None if effect is None else effect.p_value,
        p_holm=p_holm,
        arrangements=0 if effect is None else effect.arrangements,
        exact=effect is not None and effect.exact,
        reason=matrix.reason,
    )


def _matrix(carrier: str, title: str, arms: Sequence[ArmRecord], traits: Sequence[str]) -> Matrix:
    runs = [(arm.trait, rates) for arm in arms for rates in _whole(arm, traits)]
    students = [trait for trait, _ in runs]
    if len({trait for trait in students if trait is not None}) < 2:
        reason = "students of two traits are needed, and fewer were measured"
        return Matrix(carrier, title, tuple(arms), None, None, reason)
    rates = [list(rates) for _, rates in runs]
    return Matrix(
        carrier,
        title,
        tuple(arms),
        diagonal_effect(rates, students, traits),
        diagonal_interval(rates, students, traits),
        None,
    )


def _whole(arm: ArmRecord, traits: Sequence[str]) -> Iterable[list[float]]:
    return ([run.rates[trait] for trait in traits] for run in arm.runs if all(trait in run.rates for trait in traits))


def _row(arm: ArmRecord, traits: Sequence[str]) -> MatrixRow | None:
    runs = list(_whole(arm, traits))
    if not runs:
        return None
    means = [fmean(run[column] for run in runs) for column in range(len(traits))]
    return MatrixRow(label=arm.trait or arm.label, trait=arm.trait, rates=means, runs=len(runs))
