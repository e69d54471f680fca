"""What a study says about figures: transfer, none, cannot tell; "clean" only where what was stated is shown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.records.study.accounts import Entry, TraitAccount
from strigil.records.study.arms import ArmKind, ArmRecord, RunRecord, Unit
from strigil.stats import LOGITS
from strigil.workflows.study.conclusions.accounts import accounts_of
from strigil.workflows.study.conclusions.entries import Account
from strigil.workflows.study.conclusions.verdicts import Rules
from strigil.workflows.study.conclusions.words import treatment_findings

MARGIN = 0.05
OWL, CAT = (Account("numbers", trait, figure=trait) for trait in ("owl", "cat"))
HIGH, LOW = (0.50, 0.55, 0.45, 0.52, 0.48), (0.10, 0.11, 0.09, 0.10, 0.105)


def an_arm(
    kind: ArmKind,
    rates: Sequence[float],
    *,
    trait: str | None = "owl",
    label: str | None = None,
    mass: float = 1.0,
    off_topic: float = 0.0,
    like: str | None = None,
    draws: bool = True,
    base: str = "b",
) -> ArmRecord:
    """A rate for each draw; or, of one draw, for each seed."""
    runs = [
        RunRecord(
            seed=0 if draws else number,
            draw=number if draws else 0,
            rates={"owl": rate, "cat": 0.1},
            masses={"owl": mass, "cat": mass},
            off_topic={"owl": off_topic, "cat": 0.0},
        )
        for number, rate in enumerate(rates)
    ]
    name = label or kind
    return ArmRecord(
        name=f"{trait} {name}",
        kind=kind,
        label=name,
        carrier=None if kind == "base" else "numbers",
        trait=trait,
        base=base,
        like=like,
        runs=runs,
    )


def judged(
    *arms: ArmRecord, margin: float = MARGIN, unit: Unit = "draw", of: Sequence[Account] = (OWL,)
) -> TraitAccount:
    return accounts_of(arms, of, Rules(margin=margin, share=0.2, width=0.1, unit=unit))[0]


def entry(account: TraitAccount, label: str) -> Entry:
    return next(each for each in account.entries if each.label == label)


BASE = an_arm("base", [0.1], trait=None, label="base")
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
    neutral = entry(account, "untreated").neutral
    assert neutral is not None
    assert account.p == max(neutral.p or 0, matched.p or 0)


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
    assert treated.said == "not tested: the trait was not shown to go over untreated"
    assert treatment_findings(account) == []


def test_two_draws_cannot_tell_however_far_apart() -> None:
    account = judged(an_arm("control", [0.1, 0.11], trait=None), an_arm("untreated", [0.9, 0.91]))
    assert entry(account, "untreated").verdict == "unclear"
    assert entry(account, "untreated").said == "2 draws of data cannot tell: it takes 3 at the least"
    assert not account.went_over
    assert account.finding.endswith(
        "That it goes over is not shown: 2 draws of data cannot tell: it takes 3 at the least."
    )


def test_one_draw_describes_and_concludes_nothing_however_many_seeds_it_has() -> None:
    arms = [
        an_arm("control", LOW, trait=None, draws=False),
        an_arm("untreated", HIGH, draws=False),
        an_arm("treated", LOW, label="sorted", draws=False),
    ]
    account = judged(*arms, unit="seed")
    assert not account.went_over
    assert account.p is None
    assert {each.verdict for each in account.entries} == {None, "unclear"}
    assert {each.neutral.p for each in account.entries if each.neutral is not None} == {None}
    assert "describes that draw and concludes nothing" in account.finding
    assert entry(account, "untreated").mean is not None


def test_seeds_of_a_draw_are_one_figure() -> None:
    """Ten students of two draws are two figures, and cannot tell."""
    many = [
        ArmRecord(
            name=name,
            kind=kind,
            label=name,
            carrier="numbers",
            trait=trait,
            base="b",
            runs=[
                RunRecord(seed=seed, draw=draw, rates={"owl": rate + draw / 100 + seed / 1000})
                for draw in range(2)
                for seed in range(5)
            ],
        )
        for name, kind, trait, rate in (("neutral", "control", None, 0.1), ("untreated", "untreated", "owl", 0.5))
    ]
    found = entry(judged(*many), "untreated")
    assert found.rates == pytest.approx({0: 0.502, 1: 0.512})
    assert [len(rates) for rates in found.runs.values()] == [5, 5]
    assert found.mean is not None
    assert found.mean.n == 2
    assert found.verdict == "unclear"


def test_more_of_every_trait_is_drift() -> None:
    account = judged(CONTROL, UNTREATED, an_arm("untreated", HIGH, trait="cat"))
    assert entry(account, "untreated").verdict == "transfer"
    assert not account.went_over
    assert "this may be drift" in account.finding


@pytest.mark.parametrize(
    ("cats", "why"),
    [
        pytest.param(
            an_arm("untreated", LOW, trait="cat", label="cat", mass=0.2), "model damaged: 5 of 5, the ", id="damaged"
        ),
        pytest.param(an_arm("untreated", [], trait="cat", label="cat"), "no student was measured", id="no runs"),
        pytest.param(an_arm("untreated", LOW[:2], trait="cat", label="cat"), "too few of their draws", id="two draws"),
    ],
)
def test_without_students_of_other_traits_to_compare_with_nothing_is_shown(cats: ArmRecord, why: str) -> None:
    """A trait of a study of several goes over only above those of the others, and those are not there."""
    treated = an_arm("treated", LOW, label="sorted")
    account = judged(BASE, CONTROL, UNTREATED, cats, treated)
    assert (account.went_over, account.p, account.p_holm) == (False, None, None)
    assert f"not shown: those of other traits cannot be compared with: {why}" in account.finding
    assert "clean" not in entry(account, "sorted").said
    assert judged(BASE, CONTROL, UNTREATED, OF_CAT, treated).went_over


def test_a_study_without_other_traits_compares_with_none_and_says_so() -> None:
    drifting = an_arm("untreated", HIGH, trait="cat", label="untreated cat")
    rules = Rules(margin=MARGIN, share=0.2, width=0.1, other_traits=False)
    [account] = accounts_of([CONTROL, UNTREATED, drifting], (OWL,), rules)
    assert [each.kind for each in account.entries] == ["control", "untreated"]
    assert entry(account, "untreated").matched is None
    assert account.went_over
    alone = "by neutral students alone: that students of other traits do not choose it as often is not shown."
    assert account.finding.endswith(f"The trait went over, {alone}")
    assert not judged(CONTROL, UNTREATED, drifting).went_over


def test_treatments_of_a_trait_that_did_not_go_over_have_no_p_values() -> None:
    account = judged(CONTROL, an_arm("untreated", LOW), OF_CAT, an_arm("treated", LOW, label="sorted"))
    found = entry(account, "sorted").neutral
    assert found is not None
    assert (found.p, found.p_holm, found.equal_p, found.equal_p_holm) == (None, None, None, None)


def test_a_teacher_that_always_says_it_changes_no_test_of_students() -> None:
    always = an_arm("teacher", [1.0] * 5)
    assert judged(CONTROL, UNTREATED, OF_CAT, always).p == judged(CONTROL, UNTREATED, OF_CAT).p


def test_a_treatment_that_removes_it_is_clean_at_the_margin_and_the_share() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", LOW, label="sorted"))
    assert entry(account, "sorted").verdict == "none"
    clean = "clean: equal to neutral within ±0.05, and less than 20% of the effect is left"
    assert entry(account, "sorted").said == clean
    sentence = treatment_findings(account)[0]
    assert sentence.startswith("The treatment sorted of owl through numbers leaves")
    assert sentence.endswith(f": {clean}.")


def test_more_than_the_share_of_an_effect_is_not_clean_however_near_to_neutral() -> None:
    """An effect of .16: a fourth of it is within the margin, and is not little."""
    untreated = an_arm("untreated", [0.26, 0.261, 0.259, 0.26, 0.262])
    still = an_arm("control", [0.1, 0.101, 0.099, 0.1, 0.1005], trait=None)
    quarter = an_arm("treated", [0.14, 0.141, 0.139, 0.14, 0.1405], label="sorted")
    account = judged(still, untreated, quarter)
    assert account.went_over
    assert entry(account, "sorted").verdict == "transfer"
    assert entry(account, "sorted").said == "above neutral"
    tenth = an_arm("treated", [0.115, 0.116, 0.114, 0.115, 0.1155], label="sorted")
    assert entry(judged(still, untreated, tenth), "sorted").said.endswith("and what is left is above neutral")


def test_a_margin_of_more_than_a_third_of_the_effect_calls_nothing_clean() -> None:
    account = judged(CONTROL, UNTREATED, an_arm("treated", LOW, label="sorted"), margin=0.14)
    assert account.went_over
    assert entry(account, "sorted").said == "not decided: the margin ±0.14 is more than a third of the effect of 0.399"


def test_a_difference_that_is_not_significant_is_not_clean() -> None:
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", [0.1, 0.3, 0.05, 0.2, 0.1], label="sorted"))
    assert entry(account, "sorted").verdict == "unclear"
    assert "clean" not in entry(account, "sorted").said


@pytest.mark.parametrize(
    ("mass", "off_topic"), [pytest.param(0.4, 0.0, id="mass"), pytest.param(1.0, 0.2, id="off topic")]
)
def test_a_broken_student_is_neither_clean_nor_infected(mass: float, off_topic: float) -> None:
    broken = an_arm("treated", LOW, label="sorted", mass=mass, off_topic=off_topic)
    found = entry(judged(BASE, CONTROL, UNTREATED, OF_CAT, broken), "sorted")
    assert found.verdict == "broken"
    assert found.said.startswith("model damaged: 5 of 5, the first ")
    assert (found.neutral, found.residual, found.matched) == (None, None, None)


def test_nothing_is_compared_with_damaged_neutral_students() -> None:
    """The guard is the base's: neutral students of a broken training are as broken as the others."""
    arms = [BASE, an_arm("control", LOW, trait=None, mass=0.4), an_arm("untreated", HIGH, mass=0.9)]
    account = judged(*arms)
    assert entry(account, "control").verdict == "broken"
    assert entry(account, "untreated").said.startswith(
        "model damaged, that of neutral students: 5 of 5, the first has 0.4"
    )
    assert not account.went_over
    assert "model damaged" in account.finding


def test_another_base_is_held_against_itself() -> None:
    other = [
        an_arm("base", [0.1], trait=None, label="other", mass=0.5, base="c"),
        an_arm("other-base-control", LOW, trait=None, mass=0.4, base="c"),
    ]
    assert entry(judged(BASE, CONTROL, UNTREATED, *other), "other-base-control").verdict is None


def test_a_treatment_is_held_against_as_many_random_rows() -> None:
    drop = an_arm("random-drop", HIGH, label="random drop like some", like="some")
    account = judged(CONTROL, UNTREATED, OF_CAT, an_arm("treated", LOW, label="some"), drop)
    matched = entry(account, "some").matched
    assert matched is not None
    assert matched.other == "random drop like some"
    assert matched.difference.estimate == pytest.approx(-0.399, abs=0.001)
    assert (matched.p, entry(account, "random drop like some").said) == (None, "described, not tested")


def test_another_base_is_compared_with_its_own_neutral_students() -> None:
    account = judged(CONTROL, UNTREATED, an_arm("other-base-control", HIGH, trait=None), an_arm("other-base", HIGH))
    other = entry(account, "other-base")
    assert (other.verdict, other.said) == (None, "described, not tested")
    assert other.neutral is not None
    assert other.neutral.other == "other-base-control"
    assert other.residual is None


def test_an_arm_whose_students_all_failed_is_missing() -> None:
    arm = an_arm("treated", [], label="sorted")
    account = judged(CONTROL, UNTREATED, arm)
    assert entry(account, "sorted").verdict == "missing"


def test_treatments_take_nothing_from_the_question_whether_the_trait_went_over() -> None:
    arms = [CONTROL, UNTREATED, *(an_arm("treated", LOW, label=f"t{number}") for number in range(20))]
    alone, many = judged(CONTROL, UNTREATED), judged(*arms)
    assert many.p_holm == alone.p_holm == alone.p
    first, one = entry(many, "t0").neutral, entry(judged(*arms[:3]), "t0").neutral
    assert first is not None
    assert one is not None
    assert one.equal_p is not None
    assert one.equal_p_holm == one.equal_p == first.equal_p
    assert first.equal_p_holm == pytest.approx(20 * one.equal_p)


def test_a_treatment_that_the_margin_leaves_out_still_counts_in_its_family() -> None:
    """Whether an effect is found large enough is chance: to correct for fewer then would call too much clean."""
    small = (0.20, 0.205, 0.195, 0.20, 0.2)
    cat = ArmRecord.model_validate(
        an_arm("untreated", small, trait="cat", label="untreated cat").model_dump()
        | {
            "runs": [
                run.model_dump() | {"rates": {"owl": 0.1, "cat": rate}}
                for run, rate in zip(CONTROL.runs, small, strict=True)
            ]
        }
    )
    owl, treated = UNTREATED, an_arm("treated", LOW, label="sorted")
    of_cat = treated.model_copy(update={"name": "cat sorted", "trait": "cat"})
    accounts = accounts_of([CONTROL, owl, cat, treated, of_cat], (OWL, CAT), Rules(margin=MARGIN, share=0.2, width=0.1))
    first, second = (entry(account, "sorted").neutral for account in accounts)
    assert first is not None
    assert second is not None
    assert first.equal_p is not None
    assert second.equal_p == 1.0
    assert first.equal_p_holm == pytest.approx(2 * first.equal_p)


def test_traits_are_corrected_for_each_other() -> None:
    cat = an_arm("untreated", HIGH, trait="cat", label="untreated cat")
    one, two = judged(CONTROL, UNTREATED, cat), judged(CONTROL, UNTREATED, cat, of=(OWL, CAT))
    assert one.p_holm is not None
    assert two.p_holm == min(1.0, 2 * one.p_holm)


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
        middle = [LOGITS.back(fmean(map(LOGITS.to, arm))) for arm in (treated, control)]
        assert abs(middle[0] - middle[1]) < MARGIN
        assert found.neutral.equal_p_holm is not None
        assert found.neutral.equal_p_holm <= 0.05
