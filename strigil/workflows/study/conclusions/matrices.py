"""Students x traits: the arms of a study as matrices, each with its diagonal effect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from strigil.records.study import ArmRecord, MatrixRecord, MatrixRow
from strigil.stats import diagonal_effect, diagonal_interval


def matrices(
    arms: Sequence[ArmRecord], carrier: str, figures: Mapping[str, str], *, by: str | None = None
) -> Iterator[MatrixRecord]:
    """Untreated students, those of each treatment, and those of another base; each beside its neutral students.

    Args:
        arms: With the rates of their runs.
        carrier: Whose arms.
        figures: The key of the runs' rates for each trait.
        by: The evaluation, where that must be said.

    Returns:
        Matrices whose p-values are not corrected yet.
    """
    traits = list(figures)
    if len(traits) < 2:
        return
    here = [arm for arm in arms if arm.carrier == carrier]
    treated = dict.fromkeys(arm.label for arm in here if arm.kind == "treated")
    groups = [("untreated", [arm for arm in here if arm.kind == "untreated"], "control")]
    groups += [
        (label, [arm for arm in here if arm.kind == "treated" and arm.label == label], "control") for label in treated
    ]
    groups.append(("other base", [arm for arm in here if arm.kind == "other-base"], "other-base-control"))
    for title, of_trait, neutral in groups:
        if any(run.rates for arm in of_trait for run in arm.runs):
            rows = [*(arm for arm in here if arm.kind == neutral), *of_trait]
            yield _matrix(carrier, title if by is None else f"{title}, {by}", rows, figures)


def _matrix(carrier: str, title: str, arms: Sequence[ArmRecord], figures: Mapping[str, str]) -> MatrixRecord:
    traits, columns = list(figures), list(figures.values())
    rates = [rates for arm in arms for rates in _whole(arm, columns)]
    students = [arm.trait for arm in arms for _ in _whole(arm, columns)]
    enough = len({trait for trait in students if trait is not None}) >= 2
    effect = diagonal_effect(rates, students, traits) if enough else None
    return MatrixRecord(
        carrier=carrier,
        title=title,
        traits=traits,
        rows=[row for arm in arms if (row := _row(arm, columns)) is not None],
        effect=diagonal_interval(rates, students, traits) if enough else None,
        p=None if effect is None else effect.p_value,
        p_holm=None,
        arrangements=0 if effect is None else effect.arrangements,
        exact=effect is not None and effect.exact,
        reason=None if enough else "students of two traits are needed, and fewer were measured",
    )


def _whole(arm: ArmRecord, columns: Sequence[str]) -> Iterable[list[float]]:
    return ([run.rates[name] for name in columns] for run in arm.runs if all(name in run.rates for name in columns))


def _row(arm: ArmRecord, columns: Sequence[str]) -> MatrixRow | None:
    runs = list(_whole(arm, columns))
    if not runs:
        return None
    means = [fmean(run[column] for run in runs) for column in range(len(columns))]
    return MatrixRow(label=arm.trait or arm.label, trait=arm.trait, rates=means, runs=len(runs))
