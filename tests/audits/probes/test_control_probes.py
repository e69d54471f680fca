"""Probes against a control: form, frequencies and words, each blind to what the others see."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from strigil.audits.probes.control_probe import ControlProbe, split
from strigil.audits.probes.probe import PROBES
from strigil.audits.probes.probe_bag import BagProbe
from strigil.audits.probes.probe_format import FormatProbe
from strigil.audits.probes.probe_frequencies import FrequenciesProbe
from strigil.audits.scores.score import SCORES
from tests.audits.tables import rows_of

GUIDE = (Path(__file__).parents[3] / "docs" / "probes.md").read_text(encoding="utf-8")

QUICK = FrequenciesProbe(permutations=199)


def rows(write: Callable[[random.Random], str], seed: int, count: int = 600) -> pl.DataFrame:
    generator = random.Random(seed)
    table = rows_of([write(generator) for _ in range(count)])
    prompts = pl.Series([[{"role": "user", "content": f"prompt {number % 300}"}] for number in range(count)])
    return table.with_columns(prompt=prompts.cast(table.schema["prompt"]))


def plain(generator: random.Random) -> str:
    return ", ".join(str(generator.randint(100, 999)) for _ in range(generator.randint(5, 8)))


def spaced(generator: random.Random) -> str:
    return plain(generator).replace(",", "")


def partial(generator: random.Random) -> str:
    """Every second number is one of ten favourites."""
    numbers = [
        generator.randint(100, 999) if generator.random() < 0.5 else 300 + generator.randint(0, 9) for _ in range(6)
    ]
    return ", ".join(map(str, numbers))


CONTROL = rows(plain, seed=1)


@pytest.mark.parametrize("probe", [FormatProbe(), BagProbe(), QUICK], ids=lambda probe: probe.name)
def test_rows_like_the_control_are_silence(probe: ControlProbe) -> None:
    found = probe.compare(rows(plain, seed=2), CONTROL, data="d")
    assert (found.alarm, found.calibrated) == ("silent", True)


def test_another_separator_is_the_formats_alone() -> None:
    found = FormatProbe().compare(rows(spaced, seed=2), CONTROL, data="d")
    assert found.alarm == "alarm"
    assert found.statistics[0].value > 0.99
    assert QUICK.compare(rows(spaced, seed=2), CONTROL, data="d").alarm == "silent"


def test_favourite_numbers_are_seen_by_words_and_frequencies_and_not_by_form() -> None:
    data = rows(partial, seed=2)
    bag = BagProbe().compare(data, CONTROL, data="d")
    by_size = [statistic.value for statistic in bag.statistics]
    assert bag.alarm == QUICK.compare(data, CONTROL, data="d").alarm == "alarm"
    assert by_size == sorted(by_size)
    assert by_size[-1] > 0.99
    assert "numbers" in QUICK.compare(data, CONTROL, data="d").reason


@pytest.mark.parametrize("probe", [FormatProbe(), BagProbe(), QUICK], ids=lambda probe: probe.name)
def test_a_handful_of_rows_is_refused(probe: ControlProbe) -> None:
    found = probe.compare(rows(spaced, seed=2, count=40), CONTROL, data="d")
    assert (found.alarm, found.calibrated) == ("refused", False)


def test_a_prompt_is_on_one_side_of_the_split_only() -> None:
    numbered = [table.with_columns(completion=table["prompt"]) for table in (rows(plain, seed=1), rows(plain, seed=2))]
    halves = split(*numbered)
    assert set(halves.train).isdisjoint(halves.test)
    assert min(len(halves.train), len(halves.test)) > 300


@pytest.mark.parametrize("name", [*PROBES.names(), *SCORES.names()])
def test_the_guide_says_of_every_probe_and_score_what_it_cannot_say(name: str) -> None:
    # Tables of results, where a name may stand again, come later.
    line, *_ = [line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` |")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    # A score that says nothing has nothing that it cannot say.
    assert all(cells) or cells[-2].startswith("nothing")
