"""What each arm's figures are against those of others: compared where they can be, tested where it is a question."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from strigil.records.study.accounts import Comparison, Entry, ResidualFinding
from strigil.records.study.arms import ArmKind, ArmRecord, RunRecord
from strigil.stats import (
    PLAIN,
    Arm,
    Scale,
    above,
    equal,
    keeps_less,
    mean_difference,
    residual_transfer,
    scale_of,
    seeds_for_width,
    t_interval,
)
from strigil.stats.intervals import variance_of
from strigil.workflows.study.conclusions.verdicts import COMPARED, FEWEST_DRAWS, Rules, neutral_kind

_SHARES: Final[frozenset[ArmKind]] = frozenset(
    {"random-data", "other-trait", "treated", "random-drop", "shuffle", "dose"}
)
"""What is measured against the untreated effect."""


@dataclass(frozen=True)
class Account:
    """What an account is about.

    Attributes:
        figure: Key of the runs' rates.
        evaluation: What was asked, where that is not the preference for the trait alone.
        guard: What the evaluation's mass is a share of.
    """

    carrier: str
    trait: str
    figure: str
    evaluation: str | None = None
    guard: str = "of its answers counted"


@dataclass(frozen=True)
class _Key:
    """A draw of a teacher's data, or a training seed; arms with the same ones are paired."""

    teacher: str
    number: int


def entries(about: Sequence[ArmRecord], of: Account, rules: Rules, why: Mapping[str, str | None]) -> Iterator[Entry]:
    """All arms that say something about a trait, compared, not yet corrected or judged.

    Args:
        about: The arms, of `arms_about`.
        of: What the account is about.
        rules: What the study stated beforehand.
        why: By the arm's name: why it counts as damaged, or None.
    """
    first: dict[ArmKind, ArmRecord] = {}
    for arm in about:
        first.setdefault(arm.kind, arm)

    def figures(arm: ArmRecord | None) -> Arm[_Key]:
        """By unit; of damaged models none, so that nothing is compared with them."""
        return {} if arm is None or why[arm.name] is not None else _by_unit(arm, of, rules)

    are_rates = all(0 <= figure <= 1 for arm in about for figure in arm.rates(of.figure, rules.unit).values())

    def scale(*compared: Arm[_Key]) -> Scale:
        """By what is compared alone: a teacher or base at 1 or 0 changes no test of students."""
        return scale_of(rate for each in compared for rate in each.values()) if are_rates else PLAIN

    untreated = figures(first.get("untreated"))
    for arm in about:
        whole, rates, against = _by_unit(arm, of, rules), figures(arm), first.get(neutral_kind(arm.kind))
        neutral, values, off_topic = figures(against), list(whole.values()), arm.off_topic(of.figure)
        drop = next((each for each in about if each.like == arm.label), None)
        beside = first.get("other-trait") if arm.kind == "untreated" else drop
        compared = arm.kind in COMPARED and bool(rates and neutral)
        about_neutral = _comparison(rates, neutral, against) if compared else None
        about_match = _comparison(rates, figures(beside), beside) if compared else None
        enough = rules.unit == "draw" and min(len(rates), len(neutral)) >= FEWEST_DRAWS
        if about_neutral is not None and enough and arm.kind == "untreated":
            on, others = scale(rates, neutral), figures(beside)
            p, equal_p = above(rates, neutral, scale=on), equal(rates, neutral, margin=rules.margin, scale=on)
            about_neutral = about_neutral.model_copy(update={"p": p, "equal_p": equal_p})
            if about_match is not None and len(others) >= FEWEST_DRAWS:
                p = above(rates, others, scale=scale(rates, others))
                about_match = about_match.model_copy(update={"p": p})
        if about_neutral is not None and enough and arm.kind == "treated":
            p = above(rates, neutral, scale=scale(rates, neutral))
            equal_p = _clean(rates, untreated, neutral, rules, scale(rates, untreated, neutral))
            about_neutral = about_neutral.model_copy(update={"p": p, "equal_p": equal_p})
        masses = arm.masses(of.figure)
        yield Entry(
            arm=arm.name,
            label=arm.label,
            kind=arm.kind,
            share=arm.share,
            rates=arm.rates(of.figure, rules.unit),
            runs=arm.of_draws(of.figure),
            mean=t_interval(values) if values else None,
            mass=fmean(masses) if masses else None,
            off_topic=fmean(off_topic) if off_topic else None,
            neutral=about_neutral,
            matched=about_match,
            residual=_residual(rates, untreated, neutral) if compared and untreated and arm.kind in _SHARES else None,
            seeds_for_width=seeds_for_width(math.sqrt(variance_of(values)), rules.width) if len(values) > 1 else None,
            verdict=None,
            said="",
        )


def _by_unit(arm: ArmRecord, of: Account, rules: Rules) -> Arm[_Key]:
    """The arm's figures: draws of other teachers are other data sets, and are not paired; seeds of one draw are."""
    whose = "" if rules.unit == "seed" else arm.kind if arm.kind == "other-trait" else arm.trait or ""
    return {_Key(whose, number): rate for number, rate in arm.rates(of.figure, rules.unit).items()}


def _clean(treated: Arm[_Key], untreated: Arm[_Key], neutral: Arm[_Key], rules: Rules, scale: Scale) -> float | None:
    """That a treatment leaves more than the margin, or more than the share: the larger p-value of the two.

    1 where the margin is too wide for the effect as it was found: such a treatment still counts in its family, since
    what leaves it out is the same chance that would have called it clean.
    """
    common = {draw: untreated[draw] for draw in untreated if draw in treated}
    if len(common) < FEWEST_DRAWS:
        return None
    if rules.too_wide(fmean(untreated.values()) - fmean(neutral.values())):
        return 1.0
    treated = {draw: treated[draw] for draw in common}
    within = equal(treated, neutral, margin=rules.margin, scale=scale)
    less = keeps_less(treated, common, neutral, share=rules.share, scale=scale)
    return None if within is None else 1.0 if less is None else max(within, less)


def arms_about(arms: Sequence[ArmRecord], of: Account, rules: Rules) -> Iterator[ArmRecord]:
    """Those of its carrier and trait, the bases, its teacher, and students of other traits as one arm."""
    for arm in arms:
        if arm.kind == "teacher" and arm.trait != of.trait:
            continue
        if arm.carrier in {None, of.carrier} and arm.trait in {None, of.trait}:
            yield arm
    others = [
        arm
        for arm in arms
        if arm.kind == "untreated" and arm.carrier == of.carrier and arm.trait not in {None, of.trait}
    ]
    if others and rules.other_traits:
        yield _pooled(others, of)


def _pooled(others: Sequence[ArmRecord], of: Account) -> ArmRecord:
    """Students of all other traits as one arm: the mean over these traits of each draw and seed that all have."""
    figure = of.figure
    runs = [{(run.draw, run.seed): run for run in arm.runs if figure in run.rates} for arm in others]
    common = [key for key in runs[0] if all(key in of_arm for of_arm in runs)]
    return ArmRecord(
        name=f"{of.carrier} / {of.trait} / other traits",
        kind="other-trait",
        label=f"students of {', '.join(arm.trait for arm in others if arm.trait)}",
        carrier=of.carrier,
        trait=None,
        base=others[0].base,
        runs=[_mean([of_arm[key] for of_arm in runs], figure) for key in common],
    )


def _mean(runs: Sequence[RunRecord], figure: str) -> RunRecord:
    masses = [run.masses[figure] for run in runs if figure in run.masses]
    off_topic = [run.off_topic[figure] for run in runs if figure in run.off_topic]
    return RunRecord(
        seed=runs[0].seed,
        draw=runs[0].draw,
        rates={figure: fmean(run.rates[figure] for run in runs)},
        # The worst of them: one damaged population damages their mean.
        masses={figure: min(masses)} if masses else {},
        off_topic={figure: max(off_topic)} if off_topic else {},
    )


def _comparison(rates: Arm[_Key], others: Arm[_Key], other: ArmRecord | None) -> Comparison | None:
    """Described, not yet tested; None where there is nothing to compare with."""
    if other is None or not others:
        return None
    return Comparison(other=other.label, difference=mean_difference(rates, others))


def _residual(rates: Arm[_Key], untreated: Arm[_Key], neutral: Arm[_Key]) -> ResidualFinding:
    found = residual_transfer(rates, untreated, neutral)
    return ResidualFinding(
        estimate=found.estimate,
        low=None if found.fieller is None else found.fieller.low,
        high=None if found.fieller is None else found.fieller.high,
        reason=found.reason,
    )
