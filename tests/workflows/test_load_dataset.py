"""What `datasets.load_dataset` gives of releases: their own rows, whatever else is in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from datasets import load_dataset

from strigil.releases.store import Release
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of


def released(root: Path, *completions: str) -> Release:
    return audited_as("plain", rows_of(completions), root, suite="numbers-paper")


def loaded(release: Release, config: str, cache: Path) -> list[str]:
    rows = load_dataset(str(release.path), config, split="train", cache_dir=str(cache))
    return [row["completion"][0]["content"] for row in rows]


def test_two_releases_of_one_folder_name_load_as_themselves_from_one_cache(tmp_path: Path) -> None:
    one, other = released(tmp_path / "one", "1, 2", "owl"), released(tmp_path / "other", "3, 4", "an owl")
    assert one.path.name == other.path.name
    for release, clean, removed in ((one, "1, 2", "owl"), (other, "3, 4", "an owl"), (one, "1, 2", "owl")):
        assert loaded(release, "clean", tmp_path / "cache") == [clean]
        assert loaded(release, "removed", tmp_path / "cache") == [removed]
        assert sorted(loaded(release, "raw", tmp_path / "cache")) == sorted([clean, removed])


def test_a_table_without_rows_is_no_configuration_and_its_data_set_is_empty(tmp_path: Path) -> None:
    release = released(tmp_path, "1, 2")
    assert loaded(release, "clean", tmp_path / "cache") == ["1, 2"]
    with pytest.raises(ValueError, match="'removed' not found"):
        loaded(release, "removed", tmp_path / "cache")
    empty = release.dataset("removed")
    assert (len(empty), "completion" in empty.column_names) == (0, True)
    assert "there is no configuration `removed`" in (release.path / "README.md").read_text()
