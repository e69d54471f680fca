"""The accounts of all traits: every comparison of a study, tested where it is a question, with its verdict in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strigil.records.study.accounts import Entry, TraitAccount
from strigil.records.study.arms import ArmRecord
from strigil.stats import holm
from strigil.workflows.study.conclusions.entries import Account, arms_about, entries
from strigil.workflows.study.conclusions.guards import damaged
from strigil.workflows.study.conclusions.verdicts import Around, Rules, judge, neutral_kind, passes
from strigil.workflows.study.conclusions.words import account_finding


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
    about = list(arms_about(arms, of, rules))
    why = {arm.name: damaged(arm, arms, of.figure, name=of.trait, guard=of.guard) for arm in about}
    return _Draft(of, list(entries(about, of, rules, why)), why)
