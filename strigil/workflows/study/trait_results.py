"""The accounts of all traits: every comparison of a study corrected for the others, with its verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import stdev

from strigil.records.study import Comparison, Entry, IntervalRecord, ResidualFinding, TraitAccount
from strigil.stats import ResidualTransfer, holm, seeds_for_width, t_interval
from strigil.workflows.study.analysis import Line, Section
from strigil.workflows.study.findings import account_finding
from strigil.workflows.study.verdicts import Corrected, judge, went_over


@dataclass(frozen=True)
class Accounts:
    """The accounts, and the corrected values of the p-values that were given besides."""

    accounts: list[TraitAccount]
    others: list[float]


def accounts_of(sections: Sequence[Section], *, margin: float, width: float, others: Sequence[float]) -> Accounts:
    """Corrects and judges every line.

    There are two families: all differences of the study with the p-values of its matrices, and all tests of equality.

    Args:
        sections: One a trait and carrier.
        margin: Largest difference that counts as none.
        width: The width of interval that seeds are given for.
        others: P-values that belong to the first family.
    """
    lines = [line for section in sections for line in section.lines]
    neutral = _holm(
        [None if line.neutral is None else line.neutral.p_value for line in lines],
        with_others=_matched(lines) + list(others),
    )
    matched = neutral[len(lines) : 2 * len(lines)]
    equal = _holm([None if line.equal is None else line.equal.p_value for line in lines])
    corrected = {
        id(line): Corrected(n, e, m) for line, n, e, m in zip(lines, neutral[: len(lines)], equal, matched, strict=True)
    }
    made = [_account(section, corrected, margin=margin, width=width) for section in sections]
    return Accounts(made, [p for p in neutral[2 * len(lines) :] if p is not None])


def _matched(lines: Iterable[Line]) -> list[float | None]:
    return [None if line.matched is None else line.matched[1].p_value for line in lines]


def _holm(values: Sequence[float | None], *, with_others: Sequence[float | None] = ()) -> list[float | None]:
    """Corrects the values that are there, and leaves the gaps where they are."""
    every = [*values, *with_others]
    corrected = iter(holm([value for value in every if value is not None]))
    return [None if value is None else next(corrected) for value in every]


def _account(section: Section, corrected: dict[int, Corrected], *, margin: float, width: float) -> TraitAccount:
    untreated = section.find("untreated")
    transferred = went_over(None if untreated is None else (untreated, corrected[id(untreated)]), margin=margin)
    entries = []
    for line in section.lines:
        said = judge(line, corrected[id(line)], margin=margin, transferred=transferred)
        values = list(line.rates.values())
        entries.append(
            Entry(
                arm=line.arm.name,
                label=line.arm.label,
                kind=line.arm.kind,
                share=line.arm.share,
                rates=dict(line.rates),
                mean=IntervalRecord.of(t_interval(values)) if values else None,
                mass=line.mass,
                neutral=_neutral(line, corrected[id(line)]),
                matched=_beside(line, corrected[id(line)]),
                residual=None if line.residual is None else _residual(line.residual),
                seeds_for_width=seeds_for_width(stdev(values), width) if len(values) > 1 else None,
                verdict=None if said is None else said.verdict,
                said="" if said is None else said.words,
            )
        )
    return TraitAccount(
        carrier=section.carrier,
        trait=section.trait,
        finding=account_finding(section.carrier, section.trait, entries, transferred=transferred, margin=margin),
        went_over=transferred,
        entries=entries,
    )


def _neutral(line: Line, p: Corrected) -> Comparison | None:
    if line.neutral is None or line.against is None:
        return None
    return Comparison(
        other=line.against.arm.label,
        difference=IntervalRecord.of(line.neutral.interval),
        p=line.neutral.p_value,
        p_holm=p.neutral,
        equal_p=None if line.equal is None else line.equal.p_value,
        equal_p_holm=p.equal,
    )


def _beside(line: Line, p: Corrected) -> Comparison | None:
    if line.matched is None:
        return None
    label, difference = line.matched
    return Comparison(
        other=label,
        difference=IntervalRecord.of(difference.interval),
        p=difference.p_value,
        p_holm=p.matched,
        equal_p=None,
        equal_p_holm=None,
    )


def _residual(found: ResidualTransfer) -> ResidualFinding:
    return ResidualFinding(
        estimate=found.estimate,
        low=None if found.fieller is None else found.fieller.low,
        high=None if found.fieller is None else found.fieller.high,
        bootstrap_low=None if found.bootstrap is None else found.bootstrap.low,
        bootstrap_high=None if found.bootstrap is None else found.bootstrap.high,
        reason=found.reason,
    )
