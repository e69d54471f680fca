"""Students x traits: the arms of a study as matrices, each with its diagonal effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

from strigil.records.study.arms import ArmRecord, Unit
from strigil.records.study.tables import MatrixRecord, MatrixRow
from strigil.stats import diagonal_effect, diagonal_interval, holm, scale_of
from strigil.workflows.study.conclusions import words
from strigil.workflows.study.conclusions.guards import damaged
from strigil.workflows.study.conclusions.verdicts import FEWEST_DRAWS, passes


@dataclass(frozen=True)
class Columns:
    """What matrices are of.

    Attributes:
        figures: The key of the runs' rates for each trait.
        by: The evaluation, where that must be said.
        guard: What its mass is a share of.
    """

    carrier: str
    figures: Mapping[str, str]
    by: str | None = None
    guard: str = "of its answers counted"


@dataclass(frozen=True)
class Tested:
    """A matrix with what is tested of it.

    Attributes:
        of: Its carrier and evaluation.
        family: Untreated matrices, those of treatments, and what is there to describe.
    """

    record: MatrixRecord
    of: Columns
    family: int


def matrices(arms: Sequence[ArmRecord], subjects: Sequence[Columns], unit: Unit) -> list[MatrixRecord]:
    """Untreated students, those of each treatment, and those of another base; each beside its neutral students.

    Untreated matrices are tested first; those of treatments where the untreated one is shown; others are described.

    Args:
        arms: With the rates of their runs.
        subjects: Of which carriers and evaluations.
        unit: What is independent; whole draws of data are permuted, and seeds of one draw are not.
    """
    found = [each for of in subjects for each in _of_carrier(arms, of, unit)]
    first = _corrected(found, [each.family == 0 for each in found])
    shown = [id(each.of) for each in first if each.family == 0 and passes(each.record.p_holm)]
    second = _corrected(first, [each.family == 1 and id(each.of) in shown for each in first])
    return [_untested(each) for each in second]


def matrix_is_shown(matrix: MatrixRecord) -> bool:
    """Whether students choose their own teacher's trait more often than drift explains."""
    return passes(matrix.p_holm)


def _corrected(found: Sequence[Tested], family: Sequence[bool]) -> list[Tested]:
    corrected = holm([each.record.p if wanted else None for each, wanted in zip(found, family, strict=True)])
    return [
        Tested(each.record.model_copy(update={"p_holm": p}), each.of, each.family) if wanted else each
        for each, wanted, p in zip(found, family, corrected, strict=True)
    ]


def _untested(each: Tested) -> MatrixRecord:
    """One that no family has taken up is described."""
    if each.record.p is None or each.record.p_holm is not None:
        return each.record
    return each.record.model_copy(update={"p": None, "arrangements": 0, "exact": False, "reason": words.DESCRIBED})


def _of_carrier(arms: Sequence[ArmRecord], of: Columns, unit: Unit) -> Iterator[Tested]:
    if len(of.figures) < 2:
        return
    here = [arm for arm in arms if arm.carrier == of.carrier]
    treated = dict.fromkeys(arm.label for arm in here if arm.kind == "treated")
    groups = [("untreated", [arm for arm in here if arm.kind == "untreated"], "control", 0)]
    groups += [
        (label, [arm for arm in here if arm.kind == "treated" and arm.label == label], "control", 1)
        for label in treated
    ]
    groups.append(("other base", [arm for arm in here if arm.kind == "other-base"], "other-base-control", 2))
    for title, of_trait, neutral, family in groups:
        if any(run.rates for arm in of_trait for run in arm.runs):
            rows = [*(arm for arm in here if arm.kind == neutral), *of_trait]
            why = [
                told
                for arm in rows
                for trait, figure in of.figures.items()
                if (told := damaged(arm, arms, figure, name=trait, guard=of.guard)) is not None
            ]
            named = title if of.by is None else f"{title}, {of.by}"
            yield Tested(_matrix(of, named, rows, unit, damage=why[0] if why else None), of, family)


def _matrix(of: Columns, title: str, arms: Sequence[ArmRecord], unit: Unit, *, damage: str | None) -> MatrixRecord:
    traits, columns = list(of.figures), list(of.figures.values())
    rows = [(arm, rates) for arm in arms for rates in _units(arm, columns, unit)]
    students, rates = [arm.trait for arm, _ in rows], [rates for _, rates in rows]
    enough = len({trait for trait in students if trait is not None}) >= 2
    draws = min((len(list(same)) for _, same in groupby(rows, key=lambda row: row[0].name)), default=0)
    reason = None if enough else "students of two traits are needed, and fewer were measured"
    effect = None
    if damage is not None:
        reason = words.damaged(damage)
    elif enough and unit == "seed":
        reason = words.ONE_DRAW
    elif enough and draws < FEWEST_DRAWS:
        reason = words.few_draws(draws, FEWEST_DRAWS)
    elif enough:
        scale = scale_of(rate for row in rates for rate in row)
        effect = diagonal_effect([[scale.to(rate) for rate in row] for row in rates], students, traits)
    return MatrixRecord(
        carrier=of.carrier,
        title=title,
        traits=traits,
        rows=[row for arm in arms if (row := _row(arm, columns, unit)) is not None],
        effect=diagonal_interval(rates, students, traits) if enough and damage is None else None,
        p=None if effect is None else effect.p_value,
        p_holm=None,
        arrangements=0 if effect is None else effect.arrangements,
        exact=effect is not None and effect.exact,
        reason=reason,
    )


def _units(arm: ArmRecord, columns: Sequence[str], unit: Unit) -> list[list[float]]:
    """The rates of every draw, or seed, that has all of them."""
    by_column = [arm.rates(column, unit) for column in columns]
    return [[rates[key] for rates in by_column] for key in by_column[0] if all(key in rates for rates in by_column)]


def _row(arm: ArmRecord, columns: Sequence[str], unit: Unit) -> MatrixRow | None:
    units = _units(arm, columns, unit)
    if not units:
        return None
    masses = [mass for column in columns for mass in arm.masses(column)]
    off_topic = [share for column in columns for share in arm.off_topic(column)]
    return MatrixRow(
        label=arm.trait or arm.label,
        trait=arm.trait,
        rates=[fmean(each[column] for each in units) for column in range(len(columns))],
        runs=sum(all(column in run.rates for column in columns) for run in arm.runs),
        mass=fmean(masses) if masses else None,
        off_topic=fmean(off_topic) if off_topic else None,
    )
