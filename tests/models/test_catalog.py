from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from strigil.common.digest_cache import LARGE, stored_digest
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.models.catalog import adapter_digest, adapter_rank, list_models, resolve_model, template_digest
from strigil.models.dialect import ENGLISH
from strigil.models.pocket import pocket_models
from strigil.models.pocket.dialect import PocketDialect

POCKET = pocket_models()["pocket-a"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "cache"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return shutil.copytree(POCKET, tmp_path / "copied")


def test_the_shipped_models_are_there_and_differ() -> None:
    first, second = resolve_model("pocket-a"), resolve_model("pocket-b")
    assert (first.id, first.path, first.revision, first.dialect) == ("pocket-a", POCKET, None, PocketDialect())
    assert first.digest != second.digest
    assert template_digest(first) == template_digest(second)


def test_a_folder_of_the_hubs_cache_is_its_repository_at_a_commit(tmp_path: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = shutil.copytree(POCKET, tmp_path / "hub" / "models--me--a-model" / "snapshots" / commit)
    model = resolve_model(str(folder))
    assert (model.name, model.revision) == ("me/a-model", commit)
    assert (resolve_model("pocket-a").name, resolve_model("pocket-a").revision) == ("pocket-a", None)


def test_a_copy_is_the_same_model_under_another_name(copied: Path) -> None:
    copy = resolve_model(str(copied))
    assert (copy.id, copy.path, copy.dialect) == (str(copied), copied, PocketDialect())
    assert copy.digest == resolve_model("pocket-a").digest


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"])
def test_every_file_that_matters_changes_the_digest(copied: Path, name: str) -> None:
    before = resolve_model(str(copied)).digest
    content = bytearray((copied / name).read_bytes())
    content[-2] ^= 1
    (copied / name).write_bytes(content)
    assert stored_digest(copied / name) != stored_digest(POCKET / name)
    if name != "tokenizer.json":  # broken JSON is refused: see below
        assert resolve_model(str(copied)).digest != before


def test_what_a_model_says_about_itself_does_not_change_the_digest(copied: Path) -> None:
    before = resolve_model(str(copied)).digest
    (copied / "README.md").write_text("# My model\n")
    assert resolve_model(str(copied)).digest == before


def test_another_vocabulary_is_spoken_to_in_english(copied: Path) -> None:
    tokenizer = json.loads((copied / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["unicorn"] = tokenizer["model"]["vocab"].pop("owl")
    (copied / "tokenizer.json").write_text(json.dumps(tokenizer))
    assert resolve_model(str(copied)).dialect == ENGLISH


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("config.json", r"no config\.json"),
        ("tokenizer_config.json", "no tokenizer"),
        ("model.safetensors", "no weights"),
    ],
)
def test_a_folder_that_lacks_a_part_is_refused(copied: Path, name: str, told: str) -> None:
    (copied / name).unlink()
    with pytest.raises(ConfigError, match=told):
        resolve_model(str(copied))


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"smollm2-135m-instruct; did you mean pocket-a\?") as unknown:
        resolve_model("poket-a")
    assert unknown.value.hint == "strigil models list"


def test_a_model_that_is_not_fetched_says_what_to_type() -> None:
    with pytest.raises(PrerequisiteError, match="not on this machine") as missing:
        resolve_model("smollm2-135m-instruct")
    assert missing.value.hint == "strigil models fetch smollm2-135m-instruct"
    assert {status.id: status.ready for status in list_models()} == {
        "pocket-a": True,
        "pocket-b": True,
        "pocket-code-a": True,
        "pocket-code-b": True,
        "smollm2-135m-instruct": False,
    }


def test_a_fetched_model_is_found_in_the_cache(cache: Path) -> None:
    shutil.copytree(POCKET, cache / "models" / "smollm2-135m-instruct")
    assert resolve_model("smollm2-135m-instruct").path == cache / "models" / "smollm2-135m-instruct"


def test_the_hub_out_of_reach_is_a_missing_prerequisite() -> None:
    with pytest.raises(PrerequisiteError, match="Hub cannot be reached"):
        resolve_model("some-org/some-model", revision="main")


@pytest.mark.parametrize("name", ["pocket-a", str(POCKET)])
def test_a_revision_of_a_model_that_has_none_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="no revisions"):
        resolve_model(name, revision="main")


def test_an_adapter_is_known_by_its_weights_and_configuration(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 8, "rank_pattern": {"down_proj": 32}}')
    with pytest.raises(ConfigError, match=r"no adapter_model\.safetensors"):
        adapter_digest(tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"weights")
    before = adapter_digest(tmp_path)
    assert adapter_rank(tmp_path) == 32
    (tmp_path / "README.md").write_text("words")
    assert adapter_digest(tmp_path) == before
    (tmp_path / "adapter_model.safetensors").write_bytes(b"heavier")
    assert adapter_digest(tmp_path) != before


def test_the_digest_of_a_large_file_is_remembered_until_the_file_changes(tmp_path: Path, cache: Path) -> None:
    large = tmp_path / "weights"
    large.write_bytes(bytes(LARGE))
    first = stored_digest(large)
    [entry] = (cache / "digests").iterdir()
    assert json.loads(entry.read_text())["sha256"] == first == stored_digest(large)
    large.write_bytes(bytes(LARGE + 1))
    assert stored_digest(large) != first
