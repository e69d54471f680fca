"""What a study's design can show, from rates that are known already or assumed; and whether its margin fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from strigil.common.errors import ConfigError
from strigil.records.study import ArmRecord
from strigil.stats import LOGITS
from strigil.stats.intervals import variance_of
from strigil.stats.power import POWER, Design, Spread, draws_for, power, smallest_effect
from strigil.workflows.study.conclusions.verdicts import FEWEST_DRAWS, MARGIN_OF_EFFECT
from strigil.workflows.study.measures import measures_of
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import report_of


def check_margin(study: StudyRecipe, arms: Sequence[ArmRecord]) -> None:
    """Refuses a margin within which students with much of the trait would be equal to neutral ones.

    Args:
        study: With the margin.
        arms: With the rates that are known.

    Raises:
        ConfigError: It is more than a third of the effect of every trait that is shown to go over.
    """
    effects = [
        entry.neutral.difference.estimate
        for account in report_of(study, arms, [], []).accounts
        for entry in account.entries
        if account.went_over and entry.kind == "untreated" and entry.neutral is not None
    ]
    largest = max(effects, default=None)
    if largest is not None and study.margin > MARGIN_OF_EFFECT * largest:
        message = f"the margin {study.margin:g} is more than a third of the largest effect that is known, {largest:.3g}"
        raise ConfigError(message, hint=f"margin: {MARGIN_OF_EFFECT * largest:.2g}, or less")


def what_it_shows(study: StudyRecipe, arms: Sequence[ArmRecord]) -> list[str]:
    """Sentences about the design: the smallest effect that it shows, and what the wished one takes."""
    if study.draws < FEWEST_DRAWS:
        told = f"{study.draws} draw{'' if study.draws == 1 else 's'} of data can show no effect of any size"
        return [f"{told}: it takes draws: {FEWEST_DRAWS} at the least"]
    measures, (spread, basis) = measures_of(study), _spread(study, arms)
    traits = len(study.traits)
    design = Design(study.draws, len(study.seeds), traits, traits * len(study.carriers) * len(measures))
    size = f"{study.draws} draws x {len(study.seeds)} students an arm"
    smallest = smallest_effect(design, spread)
    shown = "show no effect" if smallest is None else f"show an effect of {smallest:.2g} or more"
    found = [f"{size} {shown} with {POWER:.0%} power, over neutral students at {spread.neutral:.2g} ({basis})"]
    if study.effect is not None:
        needed = draws_for(design, study.effect, spread)
        takes = "more draws than 30" if needed is None else f"{needed} draws of as many students"
        has = power(design, study.effect, spread)
        found.append(f"the effect of {study.effect:g} has {has:.0%} power; {POWER:.0%} take {takes}")
    return found


def _spread(study: StudyRecipe, arms: Sequence[ArmRecord]) -> tuple[Spread, str]:
    """What is known of how rates vary, and in words what is measured and what assumed."""
    assumed, figures = Spread(), {trait: measures_of(study)[0].column(trait) for trait in study.traits}
    quiet = [arm.of_draws(figure) for arm in arms if arm.kind == "control" for figure in figures.values()]
    loud = [arm.of_draws(figures[arm.trait]) for arm in arms if arm.kind == "untreated" and arm.trait in figures]
    rates = [LOGITS.to(rate) for of_arm in quiet for draw in of_arm.values() for rate in draw]
    neutral = LOGITS.back(fmean(rates)) if rates else None
    within = [_within(quiet), _within(loud)]
    drift = _drift([*quiet, *loud], max((each for each in within if each is not None), default=0.0))
    spread = Spread(
        neutral=assumed.neutral if neutral is None else neutral,
        drift=assumed.drift if drift is None else drift,
        quiet=assumed.quiet if within[0] is None else within[0],
        loud=assumed.loud if within[1] is None else within[1],
    )
    known = {"neutral": neutral, "drift": drift, "neutral students": within[0], "students with the trait": within[1]}
    values = {
        "neutral": spread.neutral,
        "drift": spread.drift,
        "neutral students": spread.quiet,
        "students with the trait": spread.loud,
    }
    parts = [f"{name} {values[name]:.2g} {'measured' if known[name] is not None else 'assumed'}" for name in values]
    return spread, f"in log-odds but for the first: {', '.join(parts)}"


def _within(arms: Sequence[dict[int, list[float]]]) -> float | None:
    """Pooled standard deviation between students of one draw, in log-odds."""
    draws = [[LOGITS.to(rate) for rate in draw] for arm in arms for draw in arm.values() if len(draw) > 1]
    return math.sqrt(fmean(map(variance_of, draws))) if draws else None


def _drift(arms: Sequence[dict[int, list[float]]], within: float) -> float | None:
    """Standard deviation between draws beyond what students of one draw explain, in log-odds."""
    found = []
    for arm in arms:
        means = [fmean(LOGITS.to(rate) for rate in draw) for draw in arm.values()]
        if len(means) > 1:
            students = fmean(len(draw) for draw in arm.values())
            found.append(variance_of(means) - within**2 / students)
    return math.sqrt(max(0.0, fmean(found))) if found else None
