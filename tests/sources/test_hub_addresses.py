"""Data sets on the Hub by configuration and split, found where `datasets.load_dataset` finds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from datasets import load_dataset_builder

from strigil.common.errors import ConfigError, DataError
from strigil.stores.hub.address import HubAddress
from strigil.stores.hub.configurations import tables_of

CARD = """---
license: mit
configs:
- config_name: main
  default: true
  data_files:
  - split: train
    path: main/train-*
  - split: test
    path: [main/test.jsonl, main/more-test.jsonl]
- config_name: other
  data_dir: other
- config_name: one
  data_files: main/*.jsonl
---

# Rows
"""
TREES: dict[str, tuple[list[str], str]] = {
    "one file": (["rows.jsonl"], ""),
    "shards": (
        ["data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl", "data/odd-00000-of-00001.jsonl"],
        "",
    ),
    "file names": (["train.jsonl", "my-test-set.jsonl", "dev_1.jsonl", "notes.jsonl"], ""),
    "folder names": (["data/train/a.jsonl", "data/training set/b.jsonl", "test/train.jsonl"], ""),
    "no names": (["a/strained.jsonl", "b/testify.jsonl"], ""),
    "a card without configs": (["train.jsonl", "test.jsonl"], "---\nlicense: mit\n---\n"),
    "configs": (
        ["main/train-0.jsonl", "main/train-1.jsonl", "main/test.jsonl", "main/more-test.jsonl", "other/x/val.jsonl"],
        CARD,
    ),
}


def the_library_finds(folder: Path, config: str | None) -> dict[str, list[str]]:
    files = load_dataset_builder(str(folder), config).config.data_files
    assert isinstance(files, Mapping)
    return {str(split): sorted(str(Path(file).relative_to(folder)) for file in paths) for split, paths in files.items()}


@pytest.mark.parametrize("config", [None, "main", "other", "one"])
@pytest.mark.parametrize("tree", TREES)
def test_configurations_and_splits_are_those_of_load_dataset(tree: str, config: str | None, tmp_path: Path) -> None:
    tables, card = TREES[tree]
    if (tree == "configs") != (config is not None):
        return
    (tmp_path / "README.md").write_text(card)
    for path in tables:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(json.dumps({"completion": "1"}) + "\n")
    for split, expected in the_library_finds(tmp_path, config).items():
        found = tables_of(HubAddress("me/x", "main", None, config, split), tables, card)
        assert sorted(found) == expected


@pytest.mark.parametrize(
    ("address", "what", "hint"),
    [
        ("me/x@v1", "me/x@v1 has several configs: main, other, one", "name one: me/x@v1:main"),
        ("me/x@v1:main", "me/x@v1:main has several splits: train, test", "name one: me/x@v1:main/train"),
        ("me/x@v1:mine", "me/x@v1 has no config 'mine', but main, other, one", "name one: me/x@v1:main"),
        ("me/x@v1:main/dev", "me/x@v1:main has no split 'dev', but train, test", "name one: me/x@v1:main/train"),
    ],
)
def test_what_is_not_chosen_is_listed_with_what_to_type(address: str, what: str, hint: str) -> None:
    parsed = HubAddress.parse(address)
    assert parsed is not None
    with pytest.raises(ConfigError, match=what) as caught:
        tables_of(parsed, TREES["configs"][0], CARD)
    assert caught.value.hint == hint


def test_tables_of_several_kinds_are_not_taken_for_one() -> None:
    parsed = HubAddress("me/x", "main", None)
    with pytest.raises(DataError, match=r"me/x/train holds tables of several kinds: csv, jsonl\.gz") as caught:
        tables_of(parsed, ["a.csv", "b.jsonl.gz"], "")
    assert caught.value.hint == "name some: 'hf://datasets/me/x/**/*.csv'"


@pytest.mark.parametrize(
    "card", ["---\nconfigs: [1]\n---\n", "---\na: [\n---\n", "---\nconfigs: [{data_files: a}]\n---\n"]
)
def test_a_card_that_is_none_is_named(card: str) -> None:
    with pytest.raises(ConfigError, match=r"me/x: README\.md"):
        tables_of(HubAddress("me/x", "main", None), ["a.jsonl"], card)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("me/x", HubAddress("me/x", "main", None)),
        ("me/x.5", HubAddress("me/x.5", "main", None)),
        ("me/x/train", HubAddress("me/x", "main", None, None, "train")),
        ("me/x:small/train", HubAddress("me/x", "main", None, "small", "train")),
        ("me/x@v1.0.0:small", HubAddress("me/x", "v1.0.0", None, "small")),
        ("me/x@refs/pr/3/train", HubAddress("me/x", "refs/pr/3", None, None, "train")),
        ("me/x@my%2Fbranch", HubAddress("me/x", "my/branch", None)),
        ("hf://datasets/me/x@v1/a/*.csv", HubAddress("me/x", "v1", "a/*.csv")),
        ("hf://datasets/me/x", HubAddress("me/x", "main", None)),
        ("rows/a.jsonl", None),
        ("rows/a.csv.gz", None),
        ("here/x", None),
        ("x", None),
        ("/me/x", None),
        ("./me/x", None),
        ("me/x/train/more", None),
    ],
)
def test_addresses(text: str, parsed: HubAddress | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path)
    assert HubAddress.parse(text) == parsed
