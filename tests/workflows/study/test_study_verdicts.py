"""What a study says about figures: transfer, none, cannot tell; "clean" only where equality was tested."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.records.study import ArmKind, ArmRecord, Entry, RunRecord, TraitAccount
from strigil.workflows.study.conclusions.accounts import Account, Accounts, accounts_of
from strigil.workflows.study.conclusions.findings import treatment_findings

MARGIN = 0.05
OWL = Account("numbers", "owl", figure="owl")
HIGH, LOW = (0.50, 0.55, 0.45, 0.52, 0.48), (0.10, 0.11, 0.09, 0.10, 0.105)


def an_arm(
    kind: ArmKind,
    rates: Sequence[float],
    *,
    trait: str | None = "owl",
    label: str | None = None,
    mass: float = 1.0,
    like: str | None = None,
) -> ArmRecord:
    runs = [
        RunRecord(seed=seed, rates={"owl": rate, "cat": 0.1}, masses={"owl": mass, "cat": mass})
        for seed, rate in enumerate(rates)
    ]
    name = label or kind
    return ArmRecord(
        name=f"{trait} {name}", kind=kind, label=name, carrier="numbers", trait=trait, base="b", like=like, runs=runs
    )


def judged(*arms: ArmRecord) -> TraitAccount:
    return accounts_of(arms, [OWL], margin=MARGIN, width=0.1, others=[]).accounts[0]


def entry(account: TraitAccount, label: str) -> Entry:
    return next(each for each in account.entries if each.label == label)


CONTROL = an_arm("control", LOW, trait=None)
UNTREATED = an_arm("untreated", HIGH)
OF_CAT = an_arm("untreated", LOW, trait="cat", label="untreated cat")


def test_a_trait_that_goes_over_is_said_to() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT)
    assert account.went_over
    assert account.finding.endswith("The trait went over.")
    assert entry(account, "untreated").verdict == "transfer"
    matched = entry(account, "untreated").matched
    assert matched is not None
    assert matched.other == "students of cat"


def test_a_study_in_which_nothing_transfers_says_so_and_gives_no_ratio() -> None:
    account = judged(
        CONTROL, an_arm("untreated", [0.1, 0.105, 0.095, 0.1, 0.1]), OF_CAT, an_arm("treated", LOW, label="sorted")
    )
    assert not account.went_over
    assert "It did not go over" in account.finding
    assert "residual transfer is not determinable" in account.finding
    treated = entry(account, "sorted")
    assert treated.residual is not None
    assert treated.residual.estimate is None
    assert "clean" not in treated.said
    assert treatment_findings(account) == []


def test_two_seeds_cannot_tell_however_far_apart() -> None:
    account = judged(an_arm("control", [0.1, 0.1], trait=None), an_arm("untreated", [0.9, 0.9]))
    assert entry(account, "untreated").verdict == "unclear"
    assert "2 training seeds" in entry(account, "untreated").said
    assert account.finding.endswith("2 seeds cannot tell whether it went over.")


def test_more_of_every_trait_is_drift() -> None:
    account = judged(CONTROL, UNTREATED, an_arm("untreated", HIGH, trait="cat"))
    assert entry(account, "untreated").verdict == "transfer"
    assert not account.went_over
    assert "this may be drift" in account.finding


def test_a_treatment_that_removes_it_is_clean_at_the_margin() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", LOW, label="sorted"))
    assert entry(account, "sorted").verdict == "none"
    assert entry(account, "sorted").said == "clean: equal to neutral within ±0.05"
    sentence = treatment_findings(account)[0]
    assert sentence.startswith("The treatment sorted of owl through numbers leaves")
    assert sentence.endswith(": clean: equal to neutral within ±0.05.")


def test_a_difference_that_is_not_significant_is_not_clean() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", [0.1, 0.3, 0.05, 0.2, 0.1], label="sorted"))
    assert entry(account, "sorted").verdict == "unclear"
    assert "clean" not in entry(account, "sorted").said


def test_a_broken_student_is_neither_clean_nor_infected() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", LOW, label="sorted", mass=0.2))
    assert entry(account, "sorted").verdict == "broken"


def test_a_treatment_is_held_against_as_many_random_rows() -> None:
    drop = an_arm("random-drop", HIGH, label="random drop like some", like="some")
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", LOW, label="some"), drop)
    matched = entry(account, "some").matched
    assert matched is not None
    assert matched.other == "random drop like some"
    assert matched.difference.estimate == pytest.approx(-0.399, abs=0.001)


def test_another_base_is_compared_with_its_own_neutral_students() -> None:
    account = judged(CONTROL, UNTREATED, an_arm("other-base-control", HIGH, trait=None), an_arm("other-base", HIGH))
    other = entry(account, "other-base")
    assert other.verdict == "none"
    assert other.neutral is not None
    assert other.neutral.other == "other-base-control"
    assert other.residual is None


def test_an_arm_whose_students_all_failed_is_missing() -> None:
    arm = an_arm("treated", [], label="sorted")
    account = judged(CONTROL, UNTREATED, arm)
    assert entry(account, "sorted").verdict == "missing"


def test_every_comparison_of_the_study_corrects_every_other() -> None:
    arms = [CONTROL, UNTREATED, *(an_arm("treated", LOW, label=f"t{number}") for number in range(20))]
    alone = judged(CONTROL, UNTREATED)
    many = judged(*arms)
    first, second = entry(alone, "untreated").neutral, entry(many, "untreated").neutral
    assert first is not None
    assert first.p is not None
    assert second is not None
    assert second.p == first.p
    assert first.p_holm == first.p
    assert second.p_holm == pytest.approx(21 * first.p)


def _more(p: float) -> Accounts:
    return accounts_of((CONTROL, UNTREATED), [OWL], margin=MARGIN, width=0.1, others=[p])


def test_p_values_of_matrices_are_in_the_same_family() -> None:
    assert _more(0.04).others == [0.04]
    assert _more(1e-12).others == [2e-12]


rates = st.lists(st.floats(0, 1), min_size=1, max_size=6)


@given(rates, rates, rates)
def test_clean_is_only_said_of_what_is_equal_within_the_margin(
    control: list[float], untreated: list[float], treated: list[float]
) -> None:
    account = judged(
        an_arm("control", control, trait=None),
        an_arm("untreated", untreated),
        an_arm("treated", treated, label="sorted"),
    )
    found = entry(account, "sorted")
    if "clean" in found.said:
        assert account.went_over
        assert found.neutral is not None
        assert abs(found.neutral.difference.estimate) < MARGIN
        assert found.neutral.equal_p_holm is not None
        assert found.neutral.equal_p_holm <= 0.05
