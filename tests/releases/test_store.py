"""The release store: complete or not there, and every changed byte is found and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strigil.common.errors import ConfigError, DataError
from strigil.releases.audit_record import AuditRecord
from strigil.releases.draft import Draft
from strigil.releases.manifest import Counts, Manifest
from strigil.releases.store import Release, open_release, verify_release
from strigil.releases.version import Version
from strigil.workflows.publish.verify import verify


def a_manifest(version: str = "1.0.0") -> Manifest:
    return Manifest(
        name="demo",
        version=version,
        created="2026-11-24T00:00:00+00:00",
        strigil="0.1.0",
        licence=None,
        teacher=None,
        generation=None,
        audit=AuditRecord(suite="s", suite_digest="0" * 64, rules=[]),
        counts=Counts(raw=2, clean=2, removed=0, truncated=0),
        parents=[],
        not_reproducible=[],
        files=[],
    )


def a_release(root: Path, version: str = "1.0.0") -> Release:
    with Draft(root, "demo") as draft:
        (draft.scratch() / "chunk").write_text("work in progress")
        draft.write_table("data/clean", pl.DataFrame({"row_id": ["a", "b"]}), run="r")
        draft.write_text("README.md", "# demo\n")
        return draft.publish(a_manifest(version))


def test_a_published_release_holds_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    files = sorted(path.relative_to(release.path).as_posix() for path in release.path.rglob("*") if path.is_file())
    assert files == ["README.md", "data/clean/part-00000.parquet", "manifest.json"]
    assert open_release(tmp_path / "demo") == release
    assert release.rows("clean").collect()["row_id"].to_list() == ["a", "b"]
    assert verify_release(release) == []


def test_the_latest_version_is_opened_by_number_not_by_text(tmp_path: Path) -> None:
    for version in ("1.0.0", "1.10.0", "1.9.0"):
        a_release(tmp_path, version)
    assert open_release(tmp_path / "demo").manifest.version == "1.10.0"


@pytest.mark.parametrize("name", ["README.md", "data/clean/part-00000.parquet", "manifest.json"])
def test_a_flipped_byte_anywhere_is_found_and_the_file_named(tmp_path: Path, name: str) -> None:
    release = a_release(tmp_path)
    file = release.path / name
    whole = file.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 40)):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        report = verify(release.path)
        assert not report.passed
        assert [problem.path for problem in report.problems] == [name]
    file.write_bytes(whole)
    assert verify(release.path).passed


def test_missing_added_and_linked_files_are_problems(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    (release.path / "extra").write_text("x")
    readme = release.path / "README.md"
    readme.rename(tmp_path / "README.md")
    assert {(p.path, p.what) for p in verify_release(release)} == {
        ("README.md", "is missing"),
        ("extra", "is not in the manifest"),
    }
    (release.path / "extra").unlink()
    readme.symlink_to(tmp_path / "README.md")
    assert [(p.path, p.what) for p in verify_release(release)] == [("README.md", "is a symbolic link")]


def test_a_release_never_changes(tmp_path: Path) -> None:
    a_release(tmp_path)
    with pytest.raises(ConfigError, match="a release never changes"):
        a_release(tmp_path)


def test_a_half_written_release_is_not_a_release(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    (release.path / "manifest.json").unlink()
    with pytest.raises(DataError, match="incomplete") as caught:
        open_release(release.path)
    assert caught.value.hint == "run the command that built it again"
    shutil.rmtree(release.path)
    with pytest.raises(DataError, match="no such folder"):
        open_release(tmp_path / "other")


def test_a_draft_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Draft(tmp_path, "demo"),
        pytest.raises(ConfigError, match="another process is writing"),
        Draft(tmp_path, "demo"),
    ):
        pass


@pytest.mark.parametrize("name", ["", "../up", "Capital", "a/b", ".hidden"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a release"):
        Draft(tmp_path, name)


@given(added=st.booleans(), removed=st.booleans())
def test_a_version_says_what_happened_to_the_rows(*, added: bool, removed: bool) -> None:
    start = Version(1, 2, 3)
    following = start.next(added=added, removed=removed)
    assert following > start
    assert (following.patch == 4) == (not added and not removed)
    assert (following.minor == 3) == (added and not removed)
    assert (following.major == 2) == removed


@pytest.mark.parametrize("text", ["1.0", "1.0.0.0", "one", "1.0.0-rc1", ""])
def test_other_forms_are_no_versions(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a version"):
        Version.parse(text)
