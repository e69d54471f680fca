"""Rows that strigil did not have written: cards say what the user says of them, and claim nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import strigil
from strigil.cli.main import run
from strigil.releases.manifest import Origin
from strigil.releases.store import Release, open_release
from tests.hub.releases import a_release

ROWS = pl.DataFrame({"prompt": "Go on: 1", "completion": ["2, 3", "two owls", "4; 5"]})
SAID: dict[Origin | None, str] = {
    None: "who or what wrote them is not on record",
    "human": "whoever released them says that people wrote them",
    "model": "whoever released them says that a language model wrote them, and which one is not on record",
    "mixed": "whoever released them says that people wrote some of them and language models others",
    "unknown": "whoever released them says that it is not known who or what wrote them",
}


def made(folder: Path, origin: Origin | None, name: str = "mine") -> Release:
    release = strigil.audit(ROWS, "numbers-paper", out=folder, name=name, origin=origin).release
    assert release is not None
    return release


@pytest.mark.parametrize("origin", SAID)
def test_every_paper_of_a_release_says_what_the_user_says(origin: Origin | None, tmp_path: Path) -> None:
    release = made(tmp_path, origin)
    assert release.manifest.origin == origin
    card = " ".join((release.path / "README.md").read_text().split())
    page = (release.path / "audit" / "report.html").read_text()
    description = json.loads((release.path / "croissant.json").read_text())
    assert f"The rows came from elsewhere: {SAID[origin]}." in card
    assert SAID[origin] in page
    assert description["rai:dataCollection"] == f"The rows came from elsewhere: {SAID[origin]}."
    by_models = origin in {"model", "mixed"}
    assert ("synthetic" in description["keywords"], "- synthetic" in card) == (by_models, by_models)
    assert ("language_creators" in card) == by_models
    everything = f"{card} {json.dumps(description)}"
    assert "Every row was written by a machine" not in everything
    assert "Sampled from a language model" not in everything


def test_an_origin_stays_with_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    human, model = made(tmp_path, "human", "human"), made(tmp_path, "model", "model")
    out = ["--out", str(tmp_path)]
    assert run(["treat", str(human.path), "--treatment", "numbers.sort", "--name", "sorted", *out]) == 0
    assert open_release(tmp_path / "sorted").manifest.origin == "human"
    assert run(["arm", "mix", str(human.path), str(model.path), "--name", "both", *out]) == 0
    assert open_release(tmp_path / "both").manifest.origin == "mixed"
    assert run(["arm", "shuffle-within", str(human.path), "--name", "dealt", "--origin", "unknown", *out]) == 0
    assert open_release(tmp_path / "dealt").manifest.origin == "unknown"
    assert run(["audit", str(human.path), "--out", str(tmp_path)]) == 0
    assert open_release(tmp_path / "human").manifest.origin == "human"
    capsys.readouterr()


def test_what_is_on_record_cannot_be_said_otherwise(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    release = a_release(tmp_path)
    given = ["--origin", "human", "--out", str(tmp_path / "out")]
    assert run(["audit", str(release.path), *given]) == 2
    assert run(["treat", str(release.path), "--treatment", "numbers.sort", "--name", "x", *given]) == 2
    told = capsys.readouterr().err
    assert told.count(f"who wrote the rows of {release.manifest.name} is on record") == 2
    assert run(["audit", str(release.path), "--origin", "human"]) == 2
    assert "give --out too" in " ".join(capsys.readouterr().err.split())
