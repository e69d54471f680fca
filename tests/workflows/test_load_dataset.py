"""What `datasets.load_dataset` gives of releases: their own rows, whatever else is in the cache."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from datasets import load_dataset
from huggingface_hub import HfApi

from strigil.common.progress import Silent
from strigil.releases.store import Release
from strigil.stores.hub.repository import HubRepository
from strigil.workflows.publish.publishing import plan_publication, publish_package
from strigil.workflows.publish.run import clear_release
from tests.audits.releases import audited_as
from tests.audits.tables import rows_of
from tests.hub.protocol import TOKEN, HubStandIn


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


def test_a_table_without_rows_streams_as_none_and_its_data_set_is_empty(tmp_path: Path) -> None:
    release = released(tmp_path, "1, 2")
    assert loaded(release, "clean", tmp_path / "cache") == ["1, 2"]
    streamed = load_dataset(str(release.path), "removed", split="train", streaming=True)
    assert (list(streamed), "completion" in (streamed.column_names or [])) == ([], True)
    # No file and no word of a card makes the library load it otherwise; where it can, this says so.
    with pytest.raises(ValueError, match="corresponds to no data"):
        loaded(release, "removed", tmp_path / "cache")
    empty = release.dataset("removed")
    assert (len(empty), "completion" in empty.column_names) == (0, True)
    assert "`removed` has no rows" in (release.path / "README.md").read_text()


ROWS = {"one": ("1, 2", "owl"), "other": ("3, 4", "an owl"), "empty": ("5, 6",)}
LOAD = """
import json, sys
from datasets import load_dataset

found = {}
for name in ["one", "other", "empty", "one", "other"]:
    for config in ["clean", "removed", "raw"]:
        streamed = name == "empty" and config == "removed"
        rows = load_dataset(f"{name}/plain", config, split="train", revision="v1.0.0", streaming=streamed)
        found[f"{name} {config}"] = sorted(row["completion"][0]["content"] for row in rows)
json.dump(found, sys.stdout)
"""


def test_repositories_of_one_name_load_as_themselves_from_one_cache(hub: HubStandIn, tmp_path: Path) -> None:
    for name, completions in ROWS.items():
        cleared = clear_release(released(tmp_path / name, *completions).path, public=False, override=None)
        there = HubRepository(HfApi(endpoint=hub.url, token=TOKEN), f"{name}/plain", "dataset")
        publish_package(plan_publication(cleared.package, there), Silent(), note=cleared.note, gated=cleared.gated)
    online = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    environment = os.environ | online | {"HF_HOME": str(tmp_path / "hf")}
    outcome = subprocess.run((sys.executable, "-c", LOAD), env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    for name, (clean, *removed) in ROWS.items():
        found = json.loads(outcome.stdout)
        assert found[f"{name} clean"] == [clean]
        assert found[f"{name} removed"] == removed
        assert found[f"{name} raw"] == sorted([clean, *removed])
