"""Lineage: through parents on disk to the teacher, and no ancestor is believed that is not the one on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strigil.cli.main import run
from strigil.common.canonical import digest
from strigil.common.errors import DataError
from strigil.releases.manifest import Manifest, ParentRecord
from strigil.releases.store import Release
from strigil.workflows.publish.lineage import lineage
from tests.hub.releases import a_manifest, a_release
from tests.hub.students import a_student


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
    a_release(tmp_path / "releases", a_manifest(name="other"), clean=tuple("1" for _ in range(8)))
    release = a_release(tmp_path / "releases")
    rows = release.rows("clean").select("prompt", "completion").head(5).collect()
    student = a_student(tmp_path / "student", data_digest=digest(list(rows.to_dicts())), rows=5)
    assert run(["lineage", str(student), "--releases", str(tmp_path / "releases"), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [origin["name"] for origin in said["origins"]] == ["owl-numbers 1.0.0", "pocket-a"]
    unknown = a_student(tmp_path / "unknown", data_digest="0" * 64, rows=5)
    assert lineage(unknown, tmp_path / "releases").origins[0].found is False
    with pytest.raises(DataError, match="does not say where its rows are"):
        lineage(student)
