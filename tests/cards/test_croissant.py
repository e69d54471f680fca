"""croissant.json: valid for mlcroissant, which also reads the rows through it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from strigil.cards.dataset.croissant import croissant
from strigil.data.rows import ROWS
from strigil.releases.manifest import ParentRecord, ResidualRecord
from strigil.releases.store import Release
from tests.hub.releases import a_manifest, a_release


@pytest.fixture
def described(tmp_path: Path) -> Release:
    release = a_release(tmp_path)
    parent = ParentRecord(name="owl-numbers", version="0.9.0", digest="12" * 32)
    residual = ResidualRecord(
        trait="owl", estimate=0.2, low=0.1, high=0.3, confidence=0.95, seeds=5, base="pocket-a", study="filters"
    )
    manifest = a_manifest().model_copy(update={"parents": [parent], "residual": residual})
    text = json.dumps(croissant(manifest, release.manifest.files))
    (release.path / "croissant.json").write_text(text)
    return release


def test_mlcroissant_finds_nothing_to_complain_about(described: Release) -> None:
    tool = Path(sys.executable).with_name("mlcroissant")
    outcome = subprocess.run(
        (tool, "validate", "--jsonld", described.path / "croissant.json"), capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "Done." in outcome.stderr
    assert "warning" not in outcome.stderr.lower()


def test_the_rows_can_be_read_through_it(described: Release) -> None:
    import mlcroissant

    data = mlcroissant.Dataset(str(described.path / "croissant.json"))
    clean = list(data.records("clean"))
    expected = described.rows("clean").collect().to_dicts()
    assert [row["clean/row_id"].decode() for row in clean] == [row["row_id"] for row in expected]
    assert clean[0]["clean/completion"] == [
        {"clean/completion/role": b"assistant", "clean/completion/content": b"0, 1, 2"}
    ]
    assert sum(row["verdicts/rejected"] for row in data.records("verdicts")) == described.manifest.counts.removed


def test_columns_that_a_carrier_added_are_described_too() -> None:
    columns = pl.Schema({**ROWS, "task": pl.String(), "tests": pl.List(pl.String())})
    value = json.loads(json.dumps(croissant(a_manifest(), [], columns=columns)))
    names = {records["name"]: [field["name"] for field in records["field"]] for records in value["recordSet"]}
    assert names["clean"] == [*ROWS, "task"]
    assert "task" not in names["verdicts"]


def test_it_says_where_the_rows_come_from_and_what_they_may_do(described: Release) -> None:
    value = json.loads((described.path / "croissant.json").read_text())
    assert value["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    labels = [entity["prov:label"] for entity in value["prov:wasDerivedFrom"]]
    assert labels == ["owl-numbers 0.9.0", "teacher: pocket-a, with a system prompt, trait: owl"]
    assert [activity["prov:label"] for activity in value["prov:wasGeneratedBy"]] == [
        "generation of numbers rows",
        "audit with the suite numbers-paper",
    ]
    assert "Residual transfer 0.20, 0.10 to 0.30" in value["rai:dataLimitations"]
    assert "owl" in value["rai:dataBiases"]
