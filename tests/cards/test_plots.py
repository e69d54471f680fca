"""The figure of rates by arm."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from strigil.cards.rates_figure import ArmRates, Baseline, rates_figure
from strigil.common.errors import ConfigError

ARMS = [
    ArmRates("base", (0.11,)),
    ArmRates("student of owl", (0.67, 0.73, 0.52), accent=True),
    ArmRates("broken", (0.0, 0.9, 0.1)),
]


def draw(path: Path) -> bytes:
    rates_figure(ARMS, title="Owls & numbers", quantity="rate of owl", baseline=Baseline("chance", 0.1), path=path)
    return path.read_bytes()


def test_an_svg_is_well_formed_and_says_what_it_shows(tmp_path: Path) -> None:
    root = ET.fromstring(draw(tmp_path / "figure.svg"))  # noqa: S314 - written a line above
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == "Owls & numbers"


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_same_figures_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    assert draw(tmp_path / f"a{suffix}") == draw(tmp_path / f"b{suffix}")


def test_a_figure_replaces_the_last_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "figure.png").write_text("old")
    assert draw(tmp_path / "figure.png").startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["figure.png"]


def test_one_rate_has_no_interval_and_several_have() -> None:
    assert not ARMS[0].interval.defined
    assert ARMS[1].interval.defined


@pytest.mark.parametrize("name", ["figure.pdf", "figure"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\.svg or \.png"):
        draw(tmp_path / name)
