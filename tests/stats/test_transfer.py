"""Residual transfer: its ratio, its intervals, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from strigil.stats import ResidualTransfer, residual_transfer

NEUTRAL = {0: 0.10, 1: 0.12, 2: 0.08, 3: 0.11, 4: 0.09}
UNTREATED = {0: 0.55, 1: 0.66, 2: 0.48, 3: 0.60, 4: 0.71}
TREATED = {0: 0.20, 1: 0.31, 2: 0.15, 3: 0.26, 4: 0.28}
RATES = st.floats(min_value=0.0, max_value=1.0)


def shifted(arm: dict[int, float], by: int) -> dict[int, float]:
    return {seed + by: rate for seed, rate in arm.items()}


def bounds(found: ResidualTransfer) -> tuple[float, float]:
    assert found.fieller is not None
    assert found.fieller.low is not None
    assert found.fieller.high is not None
    return found.fieller.low, found.fieller.high


def test_ratio_of_means() -> None:
    found = residual_transfer(TREATED, UNTREATED, NEUTRAL)
    assert found.estimate == pytest.approx((0.24 - 0.10) / (0.60 - 0.10))
    assert str(found).startswith("0.28 [")


@given(st.lists(st.tuples(RATES, RATES, RATES), min_size=2, max_size=8))
@settings(max_examples=60)
def test_paired_fieller_bounds_are_where_the_t_test_of_the_ratio_turns(rows: list[tuple[float, float, float]]) -> None:
    treated, untreated, neutral = (dict(enumerate(column)) for column in zip(*rows, strict=True))
    found = residual_transfer(treated, untreated, neutral)
    if found.reason is not None:
        return
    low, high = bounds(found)
    if high - low < 1e-6:
        return
    for bound in (low, high):
        contrast = [t - n - bound * (u - n) for t, u, n in rows]
        assert ttest_1samp(contrast, 0.0).pvalue == pytest.approx(0.05, rel=1e-3)


def test_unpaired_fieller_covers_the_true_ratio() -> None:
    rng = np.random.default_rng(5)
    covered = determinable = 0
    for _ in range(1_500):
        treated = dict(enumerate(rng.normal(0.30, 0.08, 5).tolist()))
        untreated = shifted(dict(enumerate(rng.normal(0.50, 0.12, 6).tolist())), 10)
        neutral = shifted(dict(enumerate(rng.normal(0.10, 0.03, 5).tolist())), 20)
        found = residual_transfer(treated, untreated, neutral)
        if found.reason is None:
            determinable += 1
            low, high = bounds(found)
            covered += low <= 0.5 <= high
    assert determinable > 1_400
    assert 0.94 <= covered / determinable <= 0.995


def test_pairing_by_seed_narrows_the_interval_of_arms_that_move_together() -> None:
    paired = bounds(residual_transfer(TREATED, UNTREATED, NEUTRAL))
    apart = bounds(residual_transfer(shifted(TREATED, 10), UNTREATED, shifted(NEUTRAL, 20)))
    assert paired[1] - paired[0] < apart[1] - apart[0]


@given(st.lists(RATES, min_size=2, max_size=6), st.lists(RATES, min_size=2, max_size=6))
@settings(max_examples=60)
def test_a_number_is_given_only_where_the_effect_is_clear_of_zero(untreated: list[float], neutral: list[float]) -> None:
    found = residual_transfer(
        {0: 0.3, 1: 0.4}, dict(enumerate(untreated, start=10)), dict(enumerate(neutral, start=20))
    )
    assert (
        (found.reason is None)
        == found.effect.above(1e-9)
        == (found.estimate is not None)
        == (found.fieller is not None)
    )


def test_without_transfer_there_is_nothing_to_divide_by() -> None:
    found = residual_transfer(TREATED, shifted(NEUTRAL, 10), NEUTRAL)
    assert (found.estimate, found.fieller) == (None, None)
    assert str(found).startswith("not determinable: untreated students are not above neutral ones")


def test_an_untreated_arm_below_neutral_is_no_transfer_either() -> None:
    below = {seed: rate - 0.07 for seed, rate in NEUTRAL.items()}
    assert residual_transfer(TREATED, below, NEUTRAL).reason is not None


def test_two_seeds_that_disagree_cannot_tell() -> None:
    found = residual_transfer({0: 0.2, 1: 0.3}, {0: 0.5, 1: 0.7}, {0: 0.1, 1: 0.12})
    assert found.effect.estimate == pytest.approx(0.49)
    assert found.reason is not None


def test_one_seed_cannot_tell() -> None:
    found = residual_transfer({0: 0.2}, {0: 0.9}, {0: 0.1})
    assert str(found) == "not determinable: an arm has a single draw of data, or training seed"
    assert found.effect.estimate == pytest.approx(0.8)
    assert found.effect.low is None


def test_an_empty_arm_is_refused() -> None:
    with pytest.raises(ValueError, match="empty arm"):
        residual_transfer({}, UNTREATED, NEUTRAL)
