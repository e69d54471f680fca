"""What designs can show: the power that the analysis itself has, and no effect from fewer than three draws."""

from __future__ import annotations

from dataclasses import replace

import pytest

from strigil.stats.power import POWER, Design, Spread, draws_for, power, smallest_effect

SPREAD = Spread()
THREE = Design(draws=3, seeds=2, traits=2, questions=2)


@pytest.mark.parametrize(("design", "least"), [(THREE, 0.85), (Design(5, 1, 2, 2), 0.95)])
def test_the_designs_of_the_docs_show_an_effect_of_26_points(design: Design, least: float) -> None:
    assert power(design, 0.26, SPREAD) >= least


def test_no_effect_is_shown_at_most_as_often_as_the_level_says() -> None:
    assert power(THREE, 0.0, replace(SPREAD, loud=SPREAD.quiet)) <= 0.05


def test_more_questions_drift_and_fewer_draws_take_power() -> None:
    whole = power(THREE, 0.15, SPREAD)
    assert whole > power(replace(THREE, questions=8), 0.15, SPREAD)
    assert whole > power(THREE, 0.15, replace(SPREAD, drift=0.6))
    assert whole < power(replace(THREE, draws=6), 0.15, SPREAD)
    assert power(replace(THREE, draws=2), 0.8, SPREAD) == 0


def test_the_smallest_effect_has_the_power_and_less_has_not() -> None:
    smallest = smallest_effect(THREE, SPREAD)
    assert smallest is not None
    assert power(THREE, smallest, SPREAD) >= POWER > power(THREE, 0.95 * smallest, SPREAD)
    assert smallest_effect(THREE, replace(SPREAD, drift=20.0)) is None


def test_draws_are_the_fewest_that_suffice() -> None:
    n = draws_for(THREE, 0.1, SPREAD)
    assert n is not None
    assert power(replace(THREE, draws=n), 0.1, SPREAD) >= POWER > power(replace(THREE, draws=n - 1), 0.1, SPREAD)
    assert draws_for(THREE, 0.001, SPREAD) is None
