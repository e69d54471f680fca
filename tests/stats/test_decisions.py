"""Equivalence and the correction for many comparisons."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from strigil.stats import equivalence, holm

RATES = st.floats(min_value=0.0, max_value=1.0)
ARMS = st.lists(RATES, min_size=2, max_size=8).filter(lambda values: max(values) - min(values) > 1e-3)


@given(ARMS, ARMS, st.floats(0.01, 0.5))
def test_equivalence_of_independent_arms_agrees_with_two_t_tests(
    first: list[float], second: list[float], margin: float
) -> None:
    above = ttest_ind([v + margin for v in first], second, equal_var=False, alternative="greater").pvalue
    below = ttest_ind([v - margin for v in first], second, equal_var=False, alternative="less").pvalue
    found = equivalence(dict(enumerate(first)), dict(enumerate(second, start=50)), margin=margin)
    assert found.p_value == pytest.approx(max(above, below))


@given(st.lists(st.tuples(RATES, RATES), min_size=3, max_size=8), st.floats(0.01, 0.5))
def test_equivalence_of_paired_arms_agrees_with_two_t_tests(pairs: list[tuple[float, float]], margin: float) -> None:
    first, second = (list(column) for column in zip(*pairs, strict=True))
    differences = [a - b for a, b in pairs]
    if max(differences) - min(differences) < 1e-3:
        return
    above = ttest_rel([v + margin for v in first], second, alternative="greater").pvalue
    below = ttest_rel([v - margin for v in first], second, alternative="less").pvalue
    found = equivalence(dict(enumerate(first)), dict(enumerate(second)), margin=margin)
    assert found.p_value == pytest.approx(max(above, below), abs=1e-9)


@given(ARMS, ARMS, st.floats(0.01, 0.5))
def test_equivalent_means_that_the_90_percent_interval_lies_within_the_margin(
    first: list[float], second: list[float], margin: float
) -> None:
    found = equivalence(dict(enumerate(first)), dict(enumerate(second)), margin=margin)
    low, high = found.difference.low, found.difference.high
    assert low is not None
    assert high is not None
    assert found.difference.confidence == pytest.approx(0.9)
    within = min(margin - high, low + margin)
    assert found.equivalent == (within >= 0) or abs(within) < 1e-9


def test_a_difference_that_is_only_not_significant_is_not_called_equal() -> None:
    noisy = equivalence({0: 0.10, 1: 0.30, 2: 0.05}, {0: 0.12, 1: 0.10, 2: 0.25}, margin=0.05)
    assert noisy.difference.low is not None
    assert noisy.difference.high is not None
    assert noisy.difference.low < 0 < noisy.difference.high
    assert not noisy.equivalent


def test_one_run_can_show_no_equivalence() -> None:
    found = equivalence({0: 0.1}, {0: 0.1}, margin=0.5)
    assert (found.p_value, found.equivalent) == (None, False)


@pytest.mark.parametrize(("second", "p_value"), [({0: 0.15, 1: 0.15}, 0.0), ({0: 0.4, 1: 0.4}, 1.0)])
def test_arms_without_spread_are_decided_by_the_margin_alone(second: dict[int, float], p_value: float) -> None:
    assert equivalence({0: 0.1, 1: 0.1}, second, margin=0.1).p_value == p_value


@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 0.05), (-0.1, 0.05), (0.1, 0.5)])
def test_equivalence_needs_a_margin_and_a_level(margin: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        equivalence({0: 0.1, 1: 0.2}, {0: 0.1, 1: 0.2}, margin=margin, alpha=alpha)


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
