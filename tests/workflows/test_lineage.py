"""Lineage: through parents on disk to the teacher, and no ancestor is believed that is not the one on record."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from strigil.cli.main import run
from strigil.common.canonical import digest
from strigil.common.errors import DataError
from strigil.data.rows import content_digest
from strigil.releases.manifest import Manifest, ParentRecord
from strigil.releases.store import Release
from strigil.workflows.publish.lineage import lineage
from tests.audits.tables import rows_of
from tests.hub.releases import a_manifest, a_release
from tests.hub.students import a_student

TEXTS = ("1, 2", "3", "", "4")


def child(parent: Release, *, name: str, version: str = "1.0.0") -> Manifest:
    record = ParentRecord(name=parent.manifest.name, version=parent.manifest.version, digest=parent.manifest.digest())
    return a_manifest(name=name, version=version).model_copy(update={"parents": [record]})


def test_the_tree_reaches_the_teacher_and_its_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = a_release(tmp_path)
    treated = a_release(tmp_path, child(first, name="owl-treated"))
    assert run(["lineage", str(treated.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        "release owl-treated 1.0.0",
        "└── release owl-numbers 1.0.0",
        "    └── teacher trait owl, system-prompt",
        "        └── base pocket-a",
    ]
    assert lines[1].endswith(": numbers, 10 prompts, suite numbers-paper, 8 of 10 rows")


def test_a_parent_that_is_missing_or_another_one_is_said_to_be(tmp_path: Path) -> None:
    first = a_release(tmp_path / "elsewhere")
    treated = a_release(tmp_path / "here", child(first, name="owl-treated"))
    origin, teacher = lineage(treated.path).origins
    assert (origin.found, origin.what, teacher.kind) == (False, "not on this disk", "teacher")
    a_release(tmp_path / "here", clean=tuple("1" for _ in range(8)))
    assert lineage(treated.path).origins[0].what == "another one of this name is here"
    assert lineage(treated.path, tmp_path / "elsewhere").origins[0].found


def test_a_student_is_traced_by_the_rows_that_it_was_trained_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases, students = tmp_path / "releases", tmp_path / "students"
    a_release(releases, a_manifest(name="other"), clean=tuple("1" for _ in range(8)))
    release = a_release(releases)
    (tmp_path / "recipe.yaml").write_text("{epochs: 1, batch_size: 8, threads: 1, modules: [down_proj]}")
    train = ["train", str(release.path), "--base", "pocket-a", "--recipe", str(tmp_path / "recipe.yaml")]
    assert run([*train, "--rows", "5", "--out", str(students), "--format", "quiet"]) == 0
    [student] = students.iterdir()
    capsys.readouterr()
    assert run(["lineage", str(student), "--releases", str(releases), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [origin["name"] for origin in said["origins"]] == ["owl-numbers 1.0.0", "pocket-a"]
    unknown = a_student(tmp_path / "unknown", data_digest="0" * 64, rows=5)
    assert lineage(unknown, releases).origins[0].found is False
    with pytest.raises(DataError, match="does not say where its rows are"):
        lineage(student)


def test_the_digest_of_rows_is_that_of_students_that_were_trained_before(tmp_path: Path) -> None:
    """Columns after each other, as canonical JSON of the whole: what train.json has held from the first version on."""
    rows = rows_of(TEXTS).with_columns(
        token_weights=pl.Series([[1.0, 0.5], None, [], [0.0]], dtype=pl.List(pl.Float32))
    )
    parts = [rows.head(1), rows.tail(3)]
    for number, part in enumerate(parts):
        part.write_parquet(tmp_path / f"{number}.parquet")
    before = digest([rows[name].to_list() for name in ("prompt", "completion", "token_weights")])
    assert content_digest(pl.scan_parquet(tmp_path / "*.parquet")) == before
