"""Alarms: what a null does to a statistic, and that there is none without one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.audits.probes.calibration import SMALLEST_NULL, against_null, conclude
from strigil.audits.probes.probe import Null, Probe, ProbeResult
from strigil.audits.scores.requirements import Cost

BANK = ("owl", "cat", "dog")


class Made(Probe):
    name = "made"
    knowledge = "nothing"
    cost: ClassVar[Cost] = Cost(forward=2, backward=1)


def draws(count: int, seed: int = 0) -> list[dict[str, float]]:
    table = np.random.default_rng(seed).normal(size=(count, len(BANK)))
    return [dict(zip(BANK, row.tolist(), strict=True)) for row in table]


def result(owl: float, size: int) -> ProbeResult:
    null = draws(size)
    found = against_null({"owl": owl, "cat": 0.0, "dog": 0.0}, null)
    kind = Null(kind="placebo students", size=size)
    return conclude(Made(), found, kind, data="d", rows=10, what="is moved")


def test_a_statistic_far_from_its_null_is_an_alarm_that_names_it() -> None:
    found = result(owl=30.0, size=12)
    assert (found.alarm, found.calibrated, found.statistics[0].name) == ("alarm", True, "owl")
    assert found.reason.startswith("owl is moved, ")
    assert ProbeResult.model_validate_json(found.model_dump_json()) == found


def test_a_statistic_like_its_null_is_silence() -> None:
    found = result(owl=0.1, size=12)
    assert found.alarm == "silent"


@pytest.mark.parametrize("size", [0, 1, SMALLEST_NULL - 1])
def test_too_small_a_null_is_neither_alarm_nor_silence(size: int) -> None:
    found = result(owl=1e9, size=size)
    assert (found.alarm, found.calibrated) == ("refused", False)
    assert f"{size} placebo students of the {SMALLEST_NULL}" in found.reason


def test_clean_data_hardly_ever_set_off_an_alarm() -> None:
    # Ten candidates against twelve placebos, a thousand clean data sets: the stated rate holds.
    rng = np.random.default_rng(1)
    names = [str(number) for number in range(10)]
    alarms = 0
    for _ in range(1000):
        table = [dict(zip(names, row.tolist(), strict=True)) for row in rng.normal(size=(13, 10))]
        alarms += (against_null(table[0], table[1:])[0].q_value or 0.0) <= 0.01
    assert alarms <= 22


def test_a_null_that_never_varies_says_all_by_a_difference() -> None:
    still = [{"owl": 1.0}] * 9
    [same], [other] = against_null({"owl": 1.0}, still), against_null({"owl": 1.1}, still)
    assert same.deviations == 0.0
    assert (same.p_value, other.p_value) == (0.5, 0.0)


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-100, 100))
def test_units_do_not_matter(value: float, scale: float, shift: float) -> None:
    null = [{"owl": draw["owl"]} for draw in draws(9)]
    other = [{"owl": draw["owl"] * scale + shift} for draw in null]
    [here], [there] = against_null({"owl": value}, null), against_null({"owl": value * scale + shift}, other)
    assert there.p_value == pytest.approx(here.p_value, rel=1e-3)
