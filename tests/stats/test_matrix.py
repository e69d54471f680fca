"""The diagonal effect of a students x traits matrix."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.stats import diagonal_effect

TRAITS = ["owl", "penguin", "wolf"]
LABELS = st.lists(st.sampled_from([*TRAITS, None]), min_size=3, max_size=6).filter(lambda found: len(set(found)) > 1)


def least_squares(rates: np.ndarray, students: list[str | None]) -> float:
    """The coefficient of is_diagonal by a plain dummy regression."""
    columns, target = [], []
    for row, student in enumerate(students):
        for column, trait in enumerate(TRAITS):
            dummies = [float(row == r) for r in range(len(students))] + [float(column == c) for c in range(len(TRAITS))]
            columns.append([float(student == trait), *dummies])
            target.append(rates[row, column])
    return float(np.linalg.lstsq(np.array(columns), np.array(target), rcond=None)[0][0])


@given(LABELS, st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_effect_is_that_of_the_dummy_regression(students: list[str | None], seed: int) -> None:
    rates = np.random.default_rng(seed).uniform(size=(len(students), len(TRAITS)))
    found = diagonal_effect(rates.tolist(), students, TRAITS)
    assert found.effect == pytest.approx(least_squares(rates, students), abs=1e-9)


@given(LABELS.filter(lambda found: len(found) <= 5), st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_p_value_counts_every_arrangement_of_the_labels(students: list[str | None], seed: int) -> None:
    rates = np.random.default_rng(seed).uniform(size=(len(students), len(TRAITS)))
    observed = least_squares(rates, students)
    all_effects = [least_squares(rates, list(order)) for order in permutations(students)]
    found = diagonal_effect(rates.tolist(), students, TRAITS)
    assert found.exact
    assert found.p_value == pytest.approx(np.mean([effect >= observed - 1e-9 for effect in all_effects]))


def test_drift_of_students_and_of_traits_is_no_effect() -> None:
    drift = [[s + t for t in (0.0, 0.3, 0.1)] for s in (0.0, 0.2, 0.05, 0.4)]
    found = diagonal_effect(drift, ["owl", "penguin", "wolf", None], TRAITS)
    assert found.effect == pytest.approx(0.0, abs=1e-12)
    assert found.p_value == 1.0


def test_subtracting_the_base_s_rates_changes_nothing() -> None:
    rates = np.random.default_rng(0).uniform(size=(6, 3))
    lifts = rates - np.array([0.1, 0.4, 0.05])
    students = [*TRAITS, *TRAITS]
    raw, lifted = diagonal_effect(rates.tolist(), students, TRAITS), diagonal_effect(lifts.tolist(), students, TRAITS)
    assert raw.effect == pytest.approx(lifted.effect)
    assert raw.p_value == lifted.p_value


def test_sampled_p_value_is_never_zero_and_close_to_the_exact_one() -> None:
    rng = np.random.default_rng(2)
    students = [trait for trait in TRAITS for _ in range(3)]
    rates = rng.normal(0.2, 0.1, size=(9, 3)) + 0.08 * np.array([[s == t for t in TRAITS] for s in students])
    exact = diagonal_effect(rates.tolist(), students, TRAITS)
    sampled = diagonal_effect(rates.tolist(), students, TRAITS, permutations=1_500)
    assert (exact.exact, exact.arrangements) == (True, 1_680)
    assert (sampled.exact, sampled.arrangements) == (False, 1_501)
    assert sampled.p_value == pytest.approx(exact.p_value, abs=0.03)
    strong = rates + np.array([[float(s == t) for t in TRAITS] for s in students])
    assert diagonal_effect(strong.tolist(), students, TRAITS, permutations=100).p_value == pytest.approx(1 / 101)


@pytest.mark.parametrize(
    ("rates", "students", "match"),
    [
        ([[0.1, 0.2]], ["owl"], "shape"),
        ([[0.1, 0.2, 0.3]], ["owl"], "diagonal"),
        ([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]], ["owl", "owl"], "diagonal"),
        ([[0.1, 0.2, 0.3], [0.1, 0.2, 0.3]], ["owl", "fox"], "fox"),
        ([[0.1, 0.2, 0.3], [0.1, float("nan"), 0.3]], ["owl", "wolf"], "finite"),
    ],
)
def test_a_matrix_that_cannot_tell_is_refused(rates: list[list[float]], students: list[str | None], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        diagonal_effect(rates, students, TRAITS)
