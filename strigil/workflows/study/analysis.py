"""From the rates of all runs to comparisons, before they are corrected for one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from strigil.records.study import ArmKind, ArmRecord
from strigil.stats import (
    Arm,
    Difference,
    Equivalence,
    ResidualTransfer,
    difference,
    equivalence,
    residual_transfer,
)

# What is compared with a neutral arm, and of these, what is measured against the untreated effect.
_COMPARED: frozenset[ArmKind] = frozenset(
    {"random-data", "other-trait", "untreated", "treated", "random-drop", "shuffle", "dose", "other-base"}
)
_SHARES: frozenset[ArmKind] = frozenset({"random-data", "other-trait", "treated", "random-drop", "shuffle", "dose"})


@dataclass(frozen=True)
class Line:
    """One arm's figures for one trait.

    Attributes:
        rates: By training seed; of a single model under 0.
        mass: Mean over runs, if there is one.
        against: The neutral arm, if this arm is compared with one and both were measured.
        neutral: The comparison with it.
        equal: Whether it equals it within the margin.
        matched: The arm that it is compared with besides, and the comparison.
        residual: Its share of the untreated effect.
    """

    arm: ArmRecord
    rates: Arm
    mass: float | None
    against: Line | None = None
    neutral: Difference | None = None
    equal: Equivalence | None = None
    matched: tuple[str, Difference] | None = None
    residual: ResidualTransfer | None = None

    @property
    def compared(self) -> bool:
        """Whether an arm of this kind is held against a neutral one."""
        return self.arm.kind in _COMPARED


@dataclass(frozen=True)
class Section:
    """One trait through one carrier."""

    carrier: str
    trait: str
    lines: tuple[Line, ...]

    def find(self, kind: ArmKind) -> Line | None:
        """The first line of this kind."""
        return next((line for line in self.lines if line.arm.kind == kind), None)


def section(arms: Sequence[ArmRecord], carrier: str, trait: str, *, margin: float) -> Section:
    """All arms that say something about a trait through a carrier, in the order given."""
    plain = [_plain(arm, trait) for arm in _about(arms, carrier, trait)]
    by_label = {line.arm.label: line for line in plain}
    neutral, untreated = _first(plain, "control"), _first(plain, "untreated")
    other_neutral, other_trait = _first(plain, "other-base-control"), _first(plain, "other-trait")
    lines = []
    for line in plain:
        against = other_neutral if line.arm.kind == "other-base" else neutral
        if not (line.compared and line.rates and against is not None and against.rates):
            lines.append(line)
            continue
        beside = other_trait if line.arm.kind == "untreated" else _random_drop(by_label, line)
        share = untreated is not None and untreated.rates and line.arm.kind in _SHARES
        lines.append(
            Line(
                arm=line.arm,
                rates=line.rates,
                mass=line.mass,
                against=against,
                neutral=difference(line.rates, against.rates),
                equal=equivalence(line.rates, against.rates, margin=margin),
                matched=_against(line, beside),
                residual=residual_transfer(line.rates, untreated.rates, against.rates)
                if share and untreated is not None
                else None,
            )
        )
    return Section(carrier, trait, tuple(lines))


def _about(arms: Sequence[ArmRecord], carrier: str, trait: str) -> Iterator[ArmRecord]:
    for arm in arms:
        if arm.kind == "teacher" and arm.trait != trait:
            continue
        if arm.carrier in {None, carrier} and (arm.trait in {None, trait}):
            yield arm
    others = [
        arm for arm in arms if arm.kind == "untreated" and arm.carrier == carrier and arm.trait not in {None, trait}
    ]
    if others:
        yield _pooled(others, carrier, trait)


def _pooled(others: Sequence[ArmRecord], carrier: str, trait: str) -> ArmRecord:
    """Students of all other traits as one arm: the mean over these traits for each seed, so that it pairs by seed."""
    seeds = sorted(set.intersection(*(set(arm.rates(trait)) for arm in others)))
    runs = [[run for arm in others for run in arm.runs if run.seed == seed and trait in run.rates] for seed in seeds]
    return ArmRecord(
        name=f"{carrier} / {trait} / other traits",
        kind="other-trait",
        label=f"students of {', '.join(arm.trait for arm in others if arm.trait)}",
        carrier=carrier,
        trait=None,
        base=others[0].base,
        runs=[
            type(some[0])(
                seed=seed,
                rates={trait: fmean(run.rates[trait] for run in some)},
                masses={trait: fmean(run.masses[trait] for run in some)} if trait in some[0].masses else {},
            )
            for seed, some in zip(seeds, runs, strict=True)
        ],
    )


def _plain(arm: ArmRecord, trait: str) -> Line:
    masses = arm.masses(trait)
    return Line(arm, arm.rates(trait), fmean(masses) if masses else None)


def _first(lines: Sequence[Line], kind: ArmKind) -> Line | None:
    return next((line for line in lines if line.arm.kind == kind), None)


def _random_drop(by_label: dict[str, Line], line: Line) -> Line | None:
    return next((each for each in by_label.values() if each.arm.like == line.arm.label), None)


def _against(line: Line, other: Line | None) -> tuple[str, Difference] | None:
    if other is None or not other.rates:
        return None
    return (other.arm.label, difference(line.rates, other.rates))
