"""The prepared check of a GPU runs in its tiny size on a CPU, part by part, to the last file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from strigil.records.study.report import StudyReport

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "environment.json", "rows.parquet", "run.log", "students.json", "study.html", "study.json", "study.md", "tests.xml",
    "training.json",
}  # fmt: skip


def check(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ("bash", "benchmarks/gpu/run.sh", "--out", str(out), *arguments)
    environment = os.environ | {"PYTHON": sys.executable}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_every_part_leaves_its_files(tmp_path: Path) -> None:
    outcome = check(tmp_path, "--tiny")
    assert outcome.returncode == 0, outcome.stdout
    assert {path.name for path in tmp_path.iterdir()} == FILES
    training = json.loads((tmp_path / "training.json").read_text())
    assert training["ours"] > 0 < training["theirs"]
    assert training["largest_difference_of_a_loss"] <= 0.02
    assert json.loads((tmp_path / "students.json").read_text())["students_per_minute"] > 0
    report = StudyReport.model_validate_json((tmp_path / "study.json").read_text())
    assert report.failures == []
    assert {entry.kind for account in report.accounts for entry in account.entries} >= {
        "control",
        "untreated",
        "teacher",
    }
    assert [len(arm.runs) for arm in report.arms if arm.kind == "untreated"] == [1, 1]


def test_a_part_that_fails_is_named_and_the_next_one_runs(tmp_path: Path) -> None:
    (tmp_path / "environment.json").mkdir()
    outcome = check(tmp_path, "--tiny", "environment", "tests")
    assert outcome.returncode == 1
    assert "failed: environment" in outcome.stdout
    assert (tmp_path / "tests.xml").exists()
