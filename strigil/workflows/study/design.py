"""What a study's design can show, from rates that are known already or assumed; and whether its margin fits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

from strigil.common.errors import ConfigError
from strigil.records.study.arms import ArmKind, ArmRecord
from strigil.stats import LOGITS, scale_of
from strigil.stats.intervals import variance_of
from strigil.stats.power import POWER, Design, Spread, draws_for, power, smallest_effect
from strigil.workflows.study.conclusions.guards import damaged
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
    # Students of other traits are a second thing to be above, where they are compared with.
    compared = traits if study.has("other-trait") else 1
    design = Design(study.draws, len(study.seeds), compared, traits * len(study.carriers) * len(measures))
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


@dataclass(frozen=True)
class _Arms:
    """Arms of a kind.

    Attributes:
        rates: Of each arm and trait: by draw, those of its students.
        assumed: Standard deviation between students of one draw where it is not measured, in log-odds.
    """

    rates: list[list[list[float]]]
    assumed: float

    @property
    def log_odds(self) -> list[list[list[float]]]:
        """Without arms with sampled rates of 0 or 1, which have none."""
        return [
            [[LOGITS.to(rate) for rate in draw] for draw in arm]
            for arm in self.rates
            if scale_of(rate for draw in arm for rate in draw) is LOGITS
        ]

    @property
    def within(self) -> float | None:
        """Pooled standard deviation between students of one draw, in log-odds."""
        draws = [draw for arm in self.log_odds for draw in arm if len(draw) > 1]
        return math.sqrt(fmean(map(variance_of, draws))) if draws else None

    @property
    def usual(self) -> float | None:
        """The mean rate."""
        rates = [rate for arm in self.rates for draw in arm for rate in draw]
        scale = scale_of(rates)
        mean = scale.back(fmean(map(scale.to, rates))) if rates else 0.0
        return mean if 0 < mean < 1 else None

    def drifts(self) -> Iterator[float]:
        """Variance between the draws of each arm beyond what their students explain, in log-odds.

        Single students of draws tell the two apart by nothing: then what is assumed of students is taken off, since it
        is added again.
        """
        within = self.assumed if self.within is None else self.within
        for arm in self.log_odds:
            if len(arm) > 1:
                students = len(arm) / sum(1 / len(draw) for draw in arm)
                yield variance_of([fmean(draw) for draw in arm]) - within**2 / students


def _spread(study: StudyRecipe, arms: Sequence[ArmRecord]) -> tuple[Spread, str]:
    """What is known of how rates vary, and in words what is measured and what assumed; damaged arms tell nothing."""
    assumed, measure = Spread(), measures_of(study)[0]

    def rates(kind: ArmKind) -> list[list[list[float]]]:
        return [
            list(of_draws.values())
            for trait in study.traits
            for arm in arms
            if arm.kind == kind and arm.trait in {None, trait}
            if damaged(arm, arms, measure.column(trait), name=trait, guard=measure.unit.guard_name) is None
            if (of_draws := arm.of_draws(measure.column(trait)))
        ]

    quiet, loud = _Arms(rates("control"), assumed.quiet), _Arms(rates("untreated"), assumed.loud)
    drifts = [*quiet.drifts(), *loud.drifts()]
    known = {
        "neutral": quiet.usual,
        "drift": math.sqrt(max(0.0, fmean(drifts))) if drifts else None,
        "neutral students": quiet.within,
        "students with the trait": loud.within,
    }
    otherwise = {
        "neutral": assumed.neutral,
        "drift": assumed.drift,
        "neutral students": assumed.quiet,
        "students with the trait": assumed.loud,
    }
    taken = {name: otherwise[name] if found is None else found for name, found in known.items()}
    parts = [f"{name} {taken[name]:.2g} {'assumed' if known[name] is None else 'measured'}" for name in taken]
    neutral, drift, of_quiet, of_loud = taken.values()
    return Spread(neutral, drift, of_quiet, of_loud), f"in log-odds but for the first: {', '.join(parts)}"
