"""Intervals and their sample sizes, with scipy as the oracle."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t, ttest_ind, ttest_rel

from strigil.stats import Interval, mean_difference, rate_interval, seeds_for_width, t_interval, wilson

RATES = st.floats(min_value=0.0, max_value=1.0)
CONFIDENCES = st.sampled_from([0.8, 0.9, 0.95, 0.99])


def distinct(values: list[float]) -> bool:
    return max(values) - min(values) > 1e-3


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), CONFIDENCES)
def test_wilson_agrees_with_scipy(counts: tuple[int, int], confidence: float) -> None:
    successes, n = counts
    expected = binomtest(successes, n).proportion_ci(confidence, method="wilson")
    found = wilson(successes, n, confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (found.estimate, found.n) == (successes / n, n)


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_wilson_refuses_impossible_counts(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="trials"):
        wilson(successes, n)


@given(st.lists(RATES, min_size=2, max_size=12).filter(distinct), CONFIDENCES)
def test_t_interval_agrees_with_scipy(values: list[float], confidence: float) -> None:
    mean = math.fsum(values) / len(values)
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    expected = t.interval(confidence, len(values) - 1, loc=mean, scale=error)
    found = t_interval(values, confidence)
    assert (found.low, found.high) == pytest.approx(expected)
    assert found.estimate == pytest.approx(mean)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_the_interval_of_rates_holds_their_mean_and_stays_between_0_and_1(rates: list[float]) -> None:
    found = rate_interval(rates)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.high <= 1
    mean, n = found.estimate, len(rates)
    error = math.sqrt(sum((rate - mean) ** 2 for rate in rates) / (n - 1) / n)
    quantile = t.ppf(0.975, n - 1)
    for bound in (found.low, found.high):
        # The equation that it solves: as many standard errors away, by the spread that a rate has there.
        there = error * math.sqrt(bound * (1 - bound) / (mean * (1 - mean))) if 0 < mean < 1 else 0.0
        assert abs(mean - bound) == pytest.approx(quantile * there, abs=1e-6)


def test_the_interval_of_rates_is_wilson_s_where_the_spread_is_that_of_answers() -> None:
    quantile, apart = t.ppf(0.975, 4), math.sqrt(0.3 * 0.7 / 40) * math.sqrt(2)
    found = rate_interval([0.3 + step * apart for step in (-2, -1, 0, 1, 2)])
    # Rates whose mean has the standard error of 40 answers, by t in place of z.
    expected = binomtest(12, 40).proportion_ci(1 - 2 * float(norm.sf(quantile)), method="wilson")
    assert found.low == pytest.approx(expected.low, rel=1e-6)
    assert found.high == pytest.approx(expected.high, rel=1e-6)


@pytest.mark.parametrize("rates", [[], [0.1, 1.2], [-0.1], [math.nan]])
def test_rates_are_between_0_and_1(rates: list[float]) -> None:
    with pytest.raises(ValueError, match=r"no rates|no values|finite"):
        rate_interval(rates)


def test_one_rate_has_no_interval_and_equal_ones_have_one_of_width_zero() -> None:
    assert rate_interval([0.4]) == t_interval([0.4])
    assert rate_interval([0.0, 0.0]) == t_interval([0.0, 0.0])


def test_one_seed_has_a_mean_and_no_interval() -> None:
    found = t_interval([0.4])
    assert found == Interval(estimate=0.4, low=None, high=None, n=1)
    assert not found.defined
    assert not found.above(0.0)


def test_equal_seeds_have_an_interval_of_width_zero() -> None:
    assert t_interval([0.25, 0.25, 0.25]) == Interval(estimate=0.25, low=0.25, high=0.25, n=3)


@pytest.mark.parametrize("values", [[], [0.1, math.nan], [math.inf, 0.2]])
def test_values_must_be_there_and_finite(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values"):
        t_interval(values)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_confidence_is_a_probability(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        t_interval([0.1, 0.2], confidence)


@given(st.lists(st.tuples(RATES, RATES), min_size=2, max_size=10).filter(lambda p: distinct([a - b for a, b in p])))
def test_arms_with_the_same_seeds_are_paired(pairs: list[tuple[float, float]]) -> None:
    first, second = (dict(enumerate(column)) for column in zip(*pairs, strict=True))
    reordered = dict(reversed(second.items()))
    expected = ttest_rel(list(first.values()), list(second.values())).confidence_interval(0.95)
    found = mean_difference(first, reordered)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@given(
    st.lists(RATES, min_size=2, max_size=8).filter(distinct), st.lists(RATES, min_size=2, max_size=8).filter(distinct)
)
def test_arms_with_other_seeds_get_welch_s_interval(first: list[float], second: list[float]) -> None:
    expected = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    found = mean_difference(dict(enumerate(first)), dict(enumerate(second, start=100)))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_difference_to_a_single_run_has_no_interval() -> None:
    found = mean_difference({0: 0.5, 1: 0.6}, {0: 0.1})
    assert found.estimate == pytest.approx(0.45)
    assert (found.low, found.high, found.n) == (None, None, 1)


def test_above_compares_whole_intervals() -> None:
    high, low = t_interval([0.5, 0.52, 0.51]), t_interval([0.1, 0.12, 0.11])
    assert high.above(low)
    assert not low.above(high)
    assert high.above(0.4)
    assert not high.above(0.51)


@given(st.floats(0.01, 1.0), st.floats(0.05, 2.0))
def test_number_of_seeds_is_the_smallest_that_suffices(sd: float, width: float) -> None:
    def width_of(n: int) -> float:
        return float(2 * t.ppf(0.975, n - 1) * sd / math.sqrt(n))

    n = seeds_for_width(sd, width)
    assert width_of(n) <= width * (1 + 1e-9)
    assert n == 2 or width_of(n - 1) > width * (1 - 1e-9)


def test_number_of_seeds_approaches_the_normal_formula_for_narrow_intervals() -> None:
    expected = (2 * norm.ppf(0.975) * 0.2 / 0.01) ** 2
    assert seeds_for_width(0.2, 0.01) == pytest.approx(expected, rel=0.001)


@pytest.mark.parametrize(("sd", "width"), [(-0.1, 0.1), (0.1, 0.0), (math.nan, 0.1)])
def test_number_of_seeds_refuses_senseless_wishes(sd: float, width: float) -> None:
    with pytest.raises(ValueError, match="standard deviation"):
        seeds_for_width(sd, width)


def test_importing_the_module_is_light() -> None:
    code = "import sys, strigil.stats; print([m for m in ('numpy', 'scipy') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
