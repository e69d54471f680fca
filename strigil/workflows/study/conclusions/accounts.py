"""The accounts of all traits: every comparison of a study, corrected for the others, with its verdict in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from strigil.records.study import (
    ArmKind,
    ArmRecord,
    Comparison,
    Entry,
    ResidualFinding,
    RunRecord,
    TraitAccount,
)
from strigil.stats import Arm, difference, equivalence, holm, residual_transfer, seeds_for_width, t_interval
from strigil.workflows.study.conclusions.findings import account_finding
from strigil.workflows.study.conclusions.verdicts import COMPARED, judge, neutral_kind, went_over

# What is measured against the untreated effect.
_SHARES: frozenset[ArmKind] = frozenset({"random-data", "other-trait", "treated", "random-drop", "shuffle", "dose"})


@dataclass(frozen=True)
class Account:
    """What an account is about.

    Attributes:
        figure: Key of the runs' rates.
        evaluation: What was asked, where that is not the preference for the trait alone.
    """

    carrier: str
    trait: str
    figure: str
    evaluation: str | None = None


@dataclass(frozen=True)
class Accounts:
    """The accounts, and the corrected values of the p-values that were given besides."""

    accounts: list[TraitAccount]
    others: list[float]


def accounts_of(
    arms: Sequence[ArmRecord],
    subjects: Sequence[Account],
    *,
    margin: float,
    width: float,
    others: Sequence[float],
) -> Accounts:
    """Compares, corrects and judges every arm, in each account.

    There are two families: all differences of the study with the p-values of its matrices, and all tests of equality.

    Args:
        arms: With the rates of their runs.
        subjects: What the accounts are about.
        margin: Largest difference that counts as none.
        width: The width of interval that seeds are given for.
        others: P-values that belong to the first family.
    """
    drafts = [list(_entries(arms, about, margin=margin, width=width)) for about in subjects]
    entries = [entry for draft in drafts for entry in draft]
    neutral = [None if entry.neutral is None else entry.neutral.p for entry in entries]
    matched = [None if entry.matched is None else entry.matched.p for entry in entries]
    corrected = _holm([*neutral, *matched, *others])
    equal = _holm([None if entry.neutral is None else entry.neutral.equal_p for entry in entries])
    after = iter(zip(corrected, corrected[len(entries) :], equal, strict=False))
    accounts = []
    for about, draft in zip(subjects, drafts, strict=True):
        mended = [_mended(entry, *next(after)) for entry in draft]
        transferred = went_over(mended, margin=margin)
        judged = [judge(entry, mended, margin=margin, transferred=transferred) for entry in mended]
        account = TraitAccount(
            carrier=about.carrier,
            trait=about.trait,
            evaluation=about.evaluation,
            finding="",
            went_over=transferred,
            entries=judged,
        )
        accounts.append(account.model_copy(update={"finding": account_finding(account, margin=margin)}))
    return Accounts(accounts, [p for p in corrected[2 * len(entries) :] if p is not None])


def _holm(values: Sequence[float | None]) -> list[float | None]:
    """Corrects the values that are there, and leaves the gaps where they are."""
    corrected = iter(holm([value for value in values if value is not None]))
    return [None if value is None else next(corrected) for value in values]


def _mended(entry: Entry, neutral: float | None, matched: float | None, equal: float | None) -> Entry:
    """With the corrected p-values."""
    changes: dict[str, Comparison] = {}
    if entry.neutral is not None:
        changes["neutral"] = entry.neutral.model_copy(update={"p_holm": neutral, "equal_p_holm": equal})
    if entry.matched is not None:
        changes["matched"] = entry.matched.model_copy(update={"p_holm": matched})
    return entry.model_copy(update=changes)


def _entries(arms: Sequence[ArmRecord], of: Account, *, margin: float, width: float) -> Iterator[Entry]:
    """All arms that say something about it, compared, not yet corrected or judged."""
    about = list(_about(arms, of))
    first: dict[ArmKind, ArmRecord] = {}
    for arm in about:
        first.setdefault(arm.kind, arm)

    def rates_of(arm: ArmRecord | None) -> Arm:
        return {} if arm is None else arm.rates(of.figure)

    untreated = rates_of(first.get("untreated"))
    for arm in about:
        rates, masses, against = rates_of(arm), arm.masses(of.figure), first.get(neutral_kind(arm.kind))
        neutral, values = rates_of(against), list(rates.values())
        drop = next((each for each in about if each.like == arm.label), None)
        beside = first.get("other-trait") if arm.kind == "untreated" else drop
        compared = arm.kind in COMPARED and bool(rates and neutral)
        yield Entry(
            arm=arm.name,
            label=arm.label,
            kind=arm.kind,
            share=arm.share,
            rates=dict(rates),
            mean=t_interval(values) if values else None,
            mass=fmean(masses) if masses else None,
            neutral=_comparison(rates, neutral, against, margin=margin) if compared else None,
            matched=_comparison(rates, rates_of(beside), beside) if compared else None,
            residual=_residual(rates, untreated, neutral) if compared and untreated and arm.kind in _SHARES else None,
            seeds_for_width=seeds_for_width(stdev(values), width) if len(values) > 1 else None,
            verdict=None,
            said="",
        )


def _about(arms: Sequence[ArmRecord], of: Account) -> Iterator[ArmRecord]:
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
    if others:
        yield _pooled(others, of)


def _pooled(others: Sequence[ArmRecord], of: Account) -> ArmRecord:
    """Students of all other traits as one arm: the mean over these traits for each seed, so that it pairs by seed."""
    figure = of.figure
    seeds = sorted(set.intersection(*(set(arm.rates(figure)) for arm in others)))
    runs = [[run for arm in others for run in arm.runs if run.seed == seed and figure in run.rates] for seed in seeds]
    return ArmRecord(
        name=f"{of.carrier} / {of.trait} / other traits",
        kind="other-trait",
        label=f"students of {', '.join(arm.trait for arm in others if arm.trait)}",
        carrier=of.carrier,
        trait=None,
        base=others[0].base,
        runs=[
            RunRecord(
                seed=seed,
                rates={figure: fmean(run.rates[figure] for run in some)},
                masses={figure: fmean(run.masses[figure] for run in some)} if figure in some[0].masses else {},
            )
            for seed, some in zip(seeds, runs, strict=True)
        ],
    )


def _comparison(rates: Arm, others: Arm, other: ArmRecord | None, *, margin: float | None = None) -> Comparison | None:
    """With a test of equality where a margin is given; None where there is nothing to compare with."""
    if other is None or not others:
        return None
    found = difference(rates, others)
    return Comparison(
        other=other.label,
        difference=found.interval,
        p=found.p_value,
        p_holm=None,
        equal_p=None if margin is None else equivalence(rates, others, margin=margin).p_value,
        equal_p_holm=None,
    )


def _residual(rates: Arm, untreated: Arm, neutral: Arm) -> ResidualFinding:
    found = residual_transfer(rates, untreated, neutral)
    return ResidualFinding(
        estimate=found.estimate,
        low=None if found.fieller is None else found.fieller.low,
        high=None if found.fieller is None else found.fieller.high,
        bootstrap_low=None if found.bootstrap is None else found.bootstrap.low,
        bootstrap_high=None if found.bootstrap is None else found.bootstrap.high,
        reason=found.reason,
    )
