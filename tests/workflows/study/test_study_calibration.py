"""How often a study is wrong: the Monte Carlo runs through the analysis of reports; what it found is kept and holds."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks.calibration.measure import LEVEL, POWER, POWERED, measure
from benchmarks.calibration.studies import Cell
from strigil.stats import holm

KEPT = Path(__file__).resolve().parents[3] / "docs" / "results" / "calibration.json"


def test_studies_of_nothing_seldom_find_something_and_are_the_same_each_time() -> None:
    cell = Cell(draws=3, seeds=2, drift=0.4, traits=2, treatments=0, effect=0.0)
    found = measure(cell, 60)
    assert found.missed == []
    assert (found.false_clean, found.power) == (None, None)
    assert measure(cell, 60) == found


def test_an_effect_is_found_and_a_treatment_that_leaves_nothing_is_called_clean() -> None:
    found = measure(Cell(draws=5, seeds=1, drift=0.0, traits=2, treatments=1, effect=0.26), 40)
    assert found.power is not None
    assert found.power > 0.9
    assert found.power_clean is not None
    assert found.power_clean > 0.5
    assert found.false_went_over is None


@pytest.fixture(scope="module")
def kept() -> dict[str, object]:
    found: dict[str, object] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def cells(kept: dict[str, object], name: str) -> list[dict[str, float | str]]:
    listed = kept["cells"]
    assert isinstance(listed, list)
    return [cell for cell in listed if cell[name] is not None]


@pytest.mark.parametrize("name", ["false_went_over", "false_diagonal", "false_clean"])
def test_no_kept_false_rate_is_above_the_level(kept: dict[str, object], name: str) -> None:
    assert kept["studies"] == 2_000
    found = cells(kept, name)
    assert {cell["design"] for cell in found} == {"3 draws x 2", "5 draws x 1"}
    assert {cell["drift"] for cell in found} == {0.0, 0.2, 0.4}
    assert {cell["traits"] for cell in found} == {2, 3}
    slack = 2 * math.sqrt(LEVEL * (1 - LEVEL) / 2_000)
    assert max(float(cell[name]) for cell in found) <= LEVEL + slack


def test_kept_power_does_not_depend_on_the_number_of_treatments(kept: dict[str, object]) -> None:
    effect, drifts = POWERED
    found = [cell for cell in cells(kept, "power") if cell["effect"] == effect and cell["leftover"] == 0]
    for design, least in POWER.items():
        powers = {
            (cell["drift"], cell["treatments"]): float(cell["power"]) for cell in found if cell["design"] == design
        }
        assert {(drift, treatments) for drift in drifts for treatments in (0, 5, 20)} <= powers.keys()
        assert min(powers[key] for key in powers if key[0] in drifts) >= least


def test_kept_p_values_of_placebos_are_uniform(kept: dict[str, object]) -> None:
    placebo = kept["placebo"]
    assert isinstance(placebo, list)
    assert {each["of"] for each in placebo} == {"above neutral", "above other traits", "diagonal"}
    assert min(holm([each["p"] for each in placebo])) > LEVEL
