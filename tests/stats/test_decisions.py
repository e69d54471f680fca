"""Tests that an arm is above, equal, or keeps less than a share; and the correction for many comparisons."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from strigil.stats import LOGITS, PLAIN, above, equal, holm, keeps_less, mean_difference, residual_transfer, scale_of

RATES = st.floats(min_value=0.0, max_value=1.0)
ARMS = st.lists(RATES, min_size=2, max_size=8).filter(lambda values: max(values) - min(values) > 1e-3)
Arm = dict[int, float]


def keyed(values: list[float], start: int = 0) -> Arm:
    return dict(enumerate(values, start=start))


@given(ARMS, ARMS)
def test_above_agrees_with_one_sided_welch(first: list[float], second: list[float]) -> None:
    expected = ttest_ind(first, second, equal_var=False, alternative="greater").pvalue
    assert above(keyed(first), keyed(second, 50)) == pytest.approx(expected)


def test_rates_are_compared_in_log_odds() -> None:
    first, second = [0.003, 0.004, 0.006], [0.001, 0.0012, 0.0008]
    logits = [[math.log(rate / (1 - rate)) for rate in arm] for arm in (first, second)]
    expected = ttest_ind(*logits, equal_var=False, alternative="greater").pvalue
    assert above(keyed(first), keyed(second, 50), scale=LOGITS) == pytest.approx(expected)
    assert scale_of([*first, *second]) is LOGITS
    assert scale_of([*first, 1.2]) is PLAIN


@given(ARMS, ARMS, st.floats(0.01, 0.5))
def test_equality_of_independent_arms_agrees_with_two_t_tests(
    first: list[float], second: list[float], margin: float
) -> None:
    high = ttest_ind([v + margin for v in first], second, equal_var=False, alternative="greater").pvalue
    low = ttest_ind([v - margin for v in first], second, equal_var=False, alternative="less").pvalue
    assert equal(keyed(first), keyed(second, 50), margin=margin) == pytest.approx(max(high, low))


@given(st.lists(st.tuples(RATES, RATES), min_size=3, max_size=8), st.floats(0.01, 0.5))
def test_equality_of_paired_arms_agrees_with_two_t_tests(pairs: list[tuple[float, float]], margin: float) -> None:
    first, second = (list(column) for column in zip(*pairs, strict=True))
    differences = [a - b for a, b in pairs]
    if max(differences) - min(differences) < 1e-3:
        return
    high = ttest_rel([v + margin for v in first], second, alternative="greater").pvalue
    low = ttest_rel([v - margin for v in first], second, alternative="less").pvalue
    assert equal(keyed(first), keyed(second), margin=margin) == pytest.approx(max(high, low), abs=1e-9)


@given(ARMS, ARMS, st.floats(0.01, 0.5))
def test_equal_means_that_the_90_percent_interval_lies_within_the_margin(
    first: list[float], second: list[float], margin: float
) -> None:
    found = equal(keyed(first), keyed(second), margin=margin)
    interval = mean_difference(keyed(first), keyed(second), confidence=0.9)
    if len(first) == len(second) and np.ptp(np.subtract(first, second)) < 1e-9:
        # Differences without any spread are no evidence.
        assert found in {None, 1.0}
        return
    assert found is not None
    assert interval.low is not None
    assert interval.high is not None
    within = min(margin - interval.high, interval.low + margin)
    assert (found <= 0.05) == (within >= 0) or abs(within) < 1e-9


def test_a_margin_of_rates_is_wider_in_log_odds_where_rates_are_small() -> None:
    """What is within .05 of a rate of .03 cannot be below it by more: only the upper side is left to test."""
    first, second = keyed([0.04, 0.06, 0.05]), keyed([0.03, 0.025, 0.035], 50)
    found = equal(first, second, margin=0.05, scale=LOGITS)
    assert found is not None
    assert found < 0.05
    assert found == pytest.approx(equal(first, second, margin=0.05), abs=0.05)


def test_a_difference_that_is_only_not_significant_is_not_called_equal() -> None:
    first, second = {0: 0.10, 1: 0.30, 2: 0.05}, {0: 0.12, 1: 0.10, 2: 0.25}
    interval = mean_difference(first, second, 0.9)
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < 0 < interval.high
    found = equal(first, second, margin=0.05)
    assert found is not None
    assert found > 0.05


def test_one_draw_can_show_nothing() -> None:
    one, two = {0: 0.1}, {0: 0.1, 1: 0.2}
    assert equal(one, one, margin=0.5) is None
    assert above(one, two) is None
    assert keeps_less(two, {0: 0.5, 1: 0.6}, one, share=0.5) is None


@pytest.mark.parametrize(("second", "p_value"), [({0: 0.15, 1: 0.15}, None), ({0: 0.4, 1: 0.4}, 1.0)])
def test_arms_without_spread_show_no_equality(second: dict[int, float], p_value: float | None) -> None:
    assert equal({0: 0.1, 1: 0.1}, second, margin=0.1) == p_value


@pytest.mark.parametrize("first", [[2e-4, 2e-4, 2e-4], [0.3, 0.3, 0.3]])
def test_arms_without_spread_show_no_difference(first: list[float]) -> None:
    zeros = [0.0, 0.0, 0.0]
    for scale in (LOGITS, PLAIN):
        assert above(keyed(first), keyed(zeros, 50), scale=scale) is None
        assert above(keyed(zeros), keyed(first, 50), scale=scale) == 1.0
        assert keeps_less(keyed(zeros), keyed(first), keyed(zeros, 50), share=0.2, scale=scale) is None


def test_figures_at_the_floor_are_compared_as_they_are() -> None:
    first, second = [0.3, 0.3, 0.35], [0.0, 0.02, 0.02]
    assert scale_of([*first, *second]) is PLAIN
    assert scale_of([*first, 1.0]) is PLAIN
    p = above(keyed(first), keyed(second, 50), scale=scale_of([*first, *second]))
    assert p is not None
    assert p < 0.001


@pytest.mark.parametrize("asked", [100, 400])
@pytest.mark.parametrize("rate", [0.002, 0.005, 0.01, 0.05, 0.11])
@pytest.mark.parametrize("draws", [3, 5])
def test_sampled_rates_that_are_alike_are_rarely_above(asked: int, rate: float, draws: int) -> None:
    """Counts of few answers, which are often 0: at the level itself, and at that of one question in ten."""
    chance, studies = np.random.default_rng(asked + draws), 2_000
    counts = chance.binomial(asked, rate, (studies, 2, draws)) / asked
    found = []
    for first, second in counts.tolist():
        p = above(keyed(first), keyed(second, 50), scale=scale_of([*first, *second]))
        found.append(1.0 if p is None else p)
    for level in (0.05, 0.005):
        slack = 2.5 * math.sqrt(level * (1 - level) / studies)
        assert sum(p <= level for p in found) / studies <= level + slack


@pytest.mark.parametrize("margin", [0.0, -0.1])
def test_equality_needs_a_margin(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        equal({0: 0.1, 1: 0.2}, {0: 0.1, 1: 0.2}, margin=margin)


@given(st.integers(0, 10_000))
def test_a_share_is_kept_just_where_fieller_s_interval_ends(seed: int) -> None:
    """With all arms of the same draws, so that both have the same degrees of freedom."""
    chance = np.random.default_rng(seed)
    treated, untreated, neutral = (keyed(list(middle + 0.03 * chance.standard_normal(5))) for middle in (0.2, 0.5, 0.1))
    found = residual_transfer(treated, untreated, neutral, confidence=0.9).fieller
    assert found is not None
    assert found.high is not None
    # `keeps_less` takes neutral draws as independent: constant ones pair with anything.
    still = dict.fromkeys(neutral, 0.1)
    end = residual_transfer(treated, untreated, still, confidence=0.9).fieller
    assert end is not None
    assert end.high is not None
    if 0 < end.high < 1:
        assert keeps_less(treated, untreated, still, share=end.high) == pytest.approx(0.05, abs=1e-6)


def test_a_share_of_an_effect_that_is_not_there_is_not_tested() -> None:
    arm = {0: 0.1, 1: 0.12, 2: 0.09}
    assert keeps_less(arm, arm, {0: 0.2, 1: 0.3, 2: 0.25}, share=0.2) is None
    with pytest.raises(ValueError, match="share"):
        keeps_less(arm, arm, arm, share=1.0)


@given(st.lists(RATES, min_size=1, max_size=7))
def test_holm_equals_the_closed_test_of_bonferroni(p_values: list[float]) -> None:
    def closed(index: int) -> float:
        others = [p for position, p in enumerate(p_values) if position != index]
        families = [
            [p_values[index], *chosen] for size in range(len(others) + 1) for chosen in combinations(others, size)
        ]
        return max(min(1.0, len(family) * min(family)) for family in families)

    assert holm(p_values) == pytest.approx([closed(index) for index in range(len(p_values))])


def test_holm_of_no_comparison_is_nothing() -> None:
    assert holm([]) == []


def test_holm_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match="p-values"):
        holm([0.1, 1.2])
