"""What a plan says a study can show, and the margin that it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from strigil.common.errors import ConfigError
from strigil.common.progress import Silent
from strigil.records.study.arms import ArmKind, ArmRecord, RunRecord
from strigil.stats import LOGITS
from strigil.workflows.study.cells import Store
from strigil.workflows.study.design import check_margin, what_it_shows
from strigil.workflows.study.plan import plan_study
from tests.workflows.study.small import CONTROLS, a_study


def an_arm(kind: ArmKind, trait: str | None, rates: list[list[float]], *, off_topic: float = 0.0) -> ArmRecord:
    """Rates by draw and seed."""
    runs = [
        RunRecord(seed=seed, draw=draw, rates={"owl": rate, "cat": 0.1}, off_topic={"owl": off_topic})
        for draw, of_draw in enumerate(rates)
        for seed, rate in enumerate(of_draw)
    ]
    return ArmRecord(name=kind, kind=kind, label=kind, carrier="numbers", trait=trait, base="pocket-a", runs=runs)


def test_one_draw_can_show_nothing_and_the_plan_says_so(tmp_path: Path) -> None:
    plan = plan_study(a_study(), Store(tmp_path), Silent(), workers=1)
    assert plan.shows == ["1 draw of data can show no effect of any size: it takes draws: 3 at the least"]


def test_a_plan_says_the_smallest_effect_and_what_the_wished_one_takes(tmp_path: Path) -> None:
    study = a_study(draws=3, effect=0.15)
    smallest, wished = plan_study(study, Store(tmp_path), Silent(), workers=1).shows
    assert smallest.startswith("3 draws x 2 students an arm show an effect of 0.")
    assert "neutral 0.11 assumed, drift 0.2 assumed" in smallest
    assert wished.startswith("the effect of 0.15 has ")
    assert wished.endswith(" draws of as many students")


def test_rates_that_are_known_go_before_assumed_ones() -> None:
    arms = [
        an_arm("control", None, [[0.1, 0.11], [0.12, 0.11]]),
        an_arm("untreated", "owl", [[0.5, 0.6], [0.2, 0.3]]),
    ]
    [said, *_] = what_it_shows(a_study(draws=3), arms)
    assert "neutral 0.1 measured" in said
    assert "students with the trait 0.3" in said
    assert "assumed" not in said


def measured(arms: list[ArmRecord], seeds: tuple[int, ...] = (0, 1)) -> dict[str, float]:
    """What a plan says that it goes by, from its sentence."""
    [said, *_] = what_it_shows(a_study(draws=3, seeds=seeds), arms)
    parts = said.removesuffix(")").split("in log-odds but for the first: ")[1].split(", ")
    return {name: float(value) for name, value, _ in (part.rsplit(" ", 2) for part in parts)}


def spread_out(rate: float, by: float) -> list[float]:
    return [LOGITS.back(LOGITS.to(rate) + step) for step in (-by, by)]


def test_drift_is_what_is_left_of_each_arm_without_the_spread_of_its_own_students() -> None:
    """Neutral students spread little: loud ones' spread taken off their draws would leave no drift at all."""
    calm = [spread_out(rate, 0.01) for rate in (0.08, 0.10, 0.13)]
    loud = [spread_out(rate, 0.3) for rate in (0.42, 0.50, 0.58)]
    found = measured([an_arm("control", None, calm), an_arm("untreated", "owl", loud)])
    assert found["students with the trait"] == pytest.approx(0.42, abs=0.01)
    assert found["drift"] == pytest.approx(0.17, abs=0.01)


def test_one_student_a_draw_is_not_counted_as_drift_and_again_as_student() -> None:
    """Draws of single students vary by both; the plan adds the two up to what was seen."""
    loud = [[LOGITS.back(value)] for value in (-0.6, 0.0, 0.6)]
    found = measured([an_arm("untreated", "owl", loud)], seeds=(0,))
    assert found["drift"] ** 2 + found["students with the trait"] ** 2 == pytest.approx(0.36, abs=0.01)


def test_damaged_students_say_nothing_about_what_a_design_shows() -> None:
    sound = an_arm("control", None, [[0.1, 0.11], [0.12, 0.11], [0.1, 0.1]])
    wild = an_arm("untreated", "owl", [[0.01, 0.99], [0.5, 0.9], [0.02, 0.6]], off_topic=0.5)
    assert measured([sound, wild]) == measured([sound])


def test_sampled_rates_of_zero_leave_spreads_assumed() -> None:
    """Their log-odds are the floor's, and would make a spread of thirteen."""
    [said, *_] = what_it_shows(a_study(draws=3), [an_arm("untreated", "owl", [[0.0, 0.02], [1.0, 0.0]])])
    assert "drift 0.2 assumed" in said
    assert "students with the trait 0.39 assumed" in said


def test_a_study_without_other_traits_needs_less_to_show_as_much() -> None:
    """Being above neutral students is one test, being above those of other traits too is two."""
    both, one = (
        what_it_shows(a_study(draws=3, effect=0.15, without=without), [])[1]
        for without in (CONTROLS, (*CONTROLS, "other-trait"))
    )
    powers = [int(said.split("has ")[1].split("%")[0]) for said in (both, one)]
    assert powers[0] < powers[1]


def test_a_margin_is_held_against_the_effect_that_is_shown() -> None:
    study = a_study(draws=3)
    neutral = an_arm("control", None, [[0.1, 0.11], [0.105, 0.1], [0.1, 0.102]])
    weak = an_arm("untreated", "owl", [[0.16, 0.18], [0.17, 0.165], [0.168, 0.172]])
    with pytest.raises(ConfigError, match=r"the margin 0.05 is more than a third of the largest effect"):
        check_margin(study, [neutral, weak])
    check_margin(study.model_copy(update={"margin": 0.02}), [neutral, weak])
    # Students that are all above neutral ones by chance, and those of one draw, show no effect that could be hidden.
    check_margin(study, [neutral, an_arm("untreated", "owl", [[0.12, 0.2], [0.11, 0.115], [0.12, 0.3]])])
    check_margin(a_study(), [an_arm("control", None, [[0.1, 0.11]]), an_arm("untreated", "owl", [[0.16, 0.18]])])
