"""The accounts of all traits: every comparison of a study, tested where it is a question, with its verdict in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from strigil.records.study import ArmKind, ArmRecord, Comparison, Entry, ResidualFinding, RunRecord, TraitAccount
from strigil.stats import (
    PLAIN,
    Arm,
    Scale,
    above,
    equal,
    holm,
    keeps_less,
    mean_difference,
    residual_transfer,
    scale_of,
    seeds_for_width,
    t_interval,
)
from strigil.stats.intervals import variance_of
from strigil.workflows.study.conclusions.guards import damaged
from strigil.workflows.study.conclusions.verdicts import (
    COMPARED,
    FEWEST_DRAWS,
    Around,
    Rules,
    judge,
    neutral_kind,
    passes,
)
from strigil.workflows.study.conclusions.words import account_finding

# What is measured against the untreated effect.
_SHARES: frozenset[ArmKind] = frozenset({"random-data", "other-trait", "treated", "random-drop", "shuffle", "dose"})
# Draws of different teachers are different data sets: their keys differ, so that nothing pairs them.
_APART = 1_000_000


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
class _Draft:
    """An account before anything is corrected or judged."""

    about: Account
    entries: list[Entry]
    damaged: Mapping[str, str | None]

    @property
    def untreated(self) -> Entry | None:
        return next((entry for entry in self.entries if entry.kind == "untreated"), None)

    @property
    def p(self) -> float | None:
        """That untreated students are not above neutral ones, or not above those of other traits.

        Source: Berger, Technometrics 24 (1982) 295 (intersection-union tests).
        """
        entry = self.untreated
        if entry is None or entry.neutral is None or entry.neutral.p is None:
            return None
        if not any(each.kind == "other-trait" for each in self.entries):
            return entry.neutral.p
        # Students of other traits that were not measured, or are damaged, leave the question open.
        beside = None if entry.matched is None else entry.matched.p
        return None if beside is None else max(entry.neutral.p, beside)


def accounts_of(arms: Sequence[ArmRecord], subjects: Sequence[Account], rules: Rules) -> list[TraitAccount]:
    """Compares every arm, tests what is a question, and judges, in each account.

    First, over all accounts, whether each trait went over; then, for those that did, their treatments: nothing of these
    is tested before the first has decided. Five families are corrected, each by itself: that traits went over; that
    untreated students are above neutral ones; that they equal them; that treatments are above; that they are clean.

    Source: Dmitrienko, Tamhane and Bretz, Multiple Testing Problems in Pharmaceutical Statistics (2009), chapter 5.

    Args:
        arms: With the rates of their runs.
        subjects: What the accounts are about.
        rules: What the study stated beforehand.
    """
    drafts = [_draft(arms, about, rules) for about in subjects]
    corrected = holm([draft.p for draft in drafts])
    gone = [passes(p) for p in corrected]
    drafts = [draft if over else _untested(draft) for draft, over in zip(drafts, gone, strict=True)]
    first = [[entry.kind == "untreated" for entry in draft.entries] for draft in drafts]
    second = [
        [entry.kind == "treated" and over for entry in draft.entries] for draft, over in zip(drafts, gone, strict=True)
    ]
    for family in (first, second):
        drafts = _corrected(drafts, family)
    judged = []
    for draft, p_holm, over in zip(drafts, corrected, gone, strict=True):
        account = TraitAccount(
            carrier=draft.about.carrier,
            trait=draft.about.trait,
            evaluation=draft.about.evaluation,
            finding="",
            went_over=over,
            p=draft.p,
            p_holm=p_holm,
            entries=[judge(entry, _around(entry, draft, went_over=over), rules) for entry in draft.entries],
        )
        judged.append(account.model_copy(update={"finding": account_finding(account, margin=rules.margin)}))
    return judged


def _untested(draft: _Draft) -> _Draft:
    """Of a trait that is not shown to go over: its treatments without the p-values of tests that are not made."""
    entries = [
        entry.model_copy(update={"neutral": entry.neutral.model_copy(update={"p": None, "equal_p": None})})
        if entry.kind == "treated" and entry.neutral is not None
        else entry
        for entry in draft.entries
    ]
    return _Draft(draft.about, entries, draft.damaged)


def _corrected(drafts: Sequence[_Draft], family: Sequence[Sequence[bool]]) -> list[_Draft]:
    """With the p-values of the chosen entries corrected for each other."""
    chosen = [
        entry.neutral
        for draft, inside in zip(drafts, family, strict=True)
        for entry, wanted in zip(draft.entries, inside, strict=True)
        if wanted and entry.neutral is not None
    ]
    after = iter(
        each.model_copy(update={"p_holm": p, "equal_p_holm": equal_p})
        for each, p, equal_p in zip(
            chosen, holm([each.p for each in chosen]), holm([each.equal_p for each in chosen]), strict=True
        )
    )
    return [
        _Draft(
            draft.about,
            [
                entry.model_copy(update={"neutral": next(after)}) if wanted and entry.neutral is not None else entry
                for entry, wanted in zip(draft.entries, inside, strict=True)
            ],
            draft.damaged,
        )
        for draft, inside in zip(drafts, family, strict=True)
    ]


def _around(entry: Entry, draft: _Draft, *, went_over: bool) -> Around:
    neutral = next((each for each in draft.entries if each.kind == neutral_kind(entry.kind)), None)
    untreated = draft.untreated
    return Around(
        neutral=neutral,
        damaged=draft.damaged[entry.arm],
        neutral_damaged=None if neutral is None else draft.damaged[neutral.arm],
        effect=None if untreated is None or untreated.neutral is None else untreated.neutral.difference.estimate,
        went_over=went_over,
    )


def _draft(arms: Sequence[ArmRecord], of: Account, rules: Rules) -> _Draft:
    about = list(_about(arms, of, rules))
    why = {arm.name: _why(arm, arms, of) for arm in about}
    return _Draft(of, list(_entries(about, of, rules, why)), why)


def _why(arm: ArmRecord, arms: Sequence[ArmRecord], of: Account) -> str | None:
    return damaged(arm, arms, of.figure, name=of.trait, guard=of.guard)


def _entries(
    about: Sequence[ArmRecord], of: Account, rules: Rules, damaged: Mapping[str, str | None]
) -> Iterator[Entry]:
    """All arms that say something about it, compared, not yet corrected or judged."""
    first: dict[ArmKind, ArmRecord] = {}
    for arm in about:
        first.setdefault(arm.kind, arm)

    def figures(arm: ArmRecord | None) -> Arm:
        """By unit; of damaged models none, so that nothing is compared with them."""
        return {} if arm is None or damaged[arm.name] is not None else _by_unit(arm, of, rules)

    are_rates = all(0 <= figure <= 1 for arm in about for figure in arm.rates(of.figure, rules.unit).values())

    def scale(*compared: Arm) -> Scale:
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


def _by_unit(arm: ArmRecord, of: Account, rules: Rules) -> Arm:
    """The arm's figures; draws of another teacher have other keys, and seeds of one draw have the same."""
    found = arm.rates(of.figure, rules.unit)
    if rules.unit == "seed" or arm.trait == of.trait:
        return found
    apart = 2 * _APART if arm.kind == "other-trait" else _APART
    return {apart + draw: rate for draw, rate in found.items()}


def _clean(treated: Arm, untreated: Arm, neutral: Arm, rules: Rules, scale: Scale) -> float | None:
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


def _about(arms: Sequence[ArmRecord], of: Account, rules: Rules) -> Iterator[ArmRecord]:
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


def _comparison(rates: Arm, others: Arm, other: ArmRecord | None) -> Comparison | None:
    """Described, not yet tested; None where there is nothing to compare with."""
    if other is None or not others:
        return None
    return Comparison(other=other.label, difference=mean_difference(rates, others))


def _residual(rates: Arm, untreated: Arm, neutral: Arm) -> ResidualFinding:
    found = residual_transfer(rates, untreated, neutral)
    return ResidualFinding(
        estimate=found.estimate,
        low=None if found.fieller is None else found.fieller.low,
        high=None if found.fieller is None else found.fieller.high,
        reason=found.reason,
    )
