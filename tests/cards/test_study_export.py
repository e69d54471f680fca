"""`strigil study export`: every student of a kept study, a line a figure."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from strigil.cards.study.tidy import TIDY, tidy_table
from strigil.cli.main import run
from strigil.records.study.report import StudyReport

KEPT = Path(__file__).resolve().parents[2] / "docs" / "results" / "pocket-study.json"


@pytest.fixture(scope="module")
def report() -> StudyReport:
    return StudyReport.model_validate_json(KEPT.read_text(encoding="utf-8"))


def test_a_line_has_the_figure_of_one_student(report: StudyReport) -> None:
    table = tidy_table(report)
    assert table.schema == TIDY
    arm = next(arm for arm in report.arms if arm.kind == "untreated")
    one = arm.runs[-1]
    figure, value = next(iter(one.rates.items()))
    lines = table.filter(arm=arm.name, draw=one.draw, seed=one.seed, figure=figure)
    assert lines.select("kind", "trait", "base", "value", "mass").rows() == [
        ("untreated", arm.trait, arm.base, value, one.masses[figure])
    ]
    assert lines["data"][0] == arm.data[0].digest
    assert table.filter(pl.col("value").is_not_null()).height == sum(
        len(run.rates) for arm in report.arms for run in arm.runs
    )


def test_one_that_failed_has_a_line_that_says_why(report: StudyReport) -> None:
    arm = report.arms[0]
    failed = arm.runs[0].model_copy(update={"rates": {}, "failed": "no memory"})
    table = tidy_table(report.model_copy(update={"arms": [arm.model_copy(update={"runs": [failed]})]}))
    assert table.select("arm", "value", "failed").rows() == [(arm.name, None, "no memory")]


@pytest.mark.parametrize("name", ["students.csv", "students.parquet"])
def test_it_is_written_as_its_name_says(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["study", "export", str(KEPT), str(tmp_path / name), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    read = pl.read_csv if name.endswith(".csv") else pl.read_parquet
    assert read(tmp_path / name).height == said["lines"] > 100


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["gone.json", "a.csv"], "there is no gone.json: the study has not been run"),
        ([str(KEPT), "a.xlsx"], "cannot write a table into a.xlsx"),
        (["examples/pocket-study.yaml", "a.csv", "--out", "none"], "the study has not been run"),
    ],
)
def test_bad_input_is_a_line(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["study", "export", *arguments]) == 2
    assert problem in capsys.readouterr().err
