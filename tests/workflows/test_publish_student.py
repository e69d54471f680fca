"""Students become model repositories, with a card that warns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, ModelCard

from strigil.common.errors import CheckFailedError, ConfigError, DataError
from strigil.common.progress import Silent
from strigil.models.pocket import pocket_models
from strigil.stores.hub.repository import HubRepository
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import fine_tune
from strigil.workflows.publish.publishing import plan_publication, publish_package
from strigil.workflows.publish.student import clear_student
from tests.hub.protocol import TOKEN, HubStandIn
from tests.hub.students import a_student
from tests.train.rows import number_rows

REPO = "me/owl-student"


def test_a_student_is_published_as_a_private_tagged_model(hub: HubStandIn, tmp_path: Path) -> None:
    student = a_student(tmp_path / "owl-seed0")
    environment = os.environ | {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "hf"),
    }
    command = (Path(sys.executable).with_name("strigil"), "publish", student, REPO, "--format", "quiet")
    outcome = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stdout) == (0, f"{REPO}@v1.0.0\n"), outcome.stderr
    there = hub.model(REPO)
    assert (there.private, list(there.tags)) == (True, ["v1.0.0"])
    for name in ("adapter_model.safetensors", "adapter_config.json", "train.json"):
        assert there.head.tree[name].content == (student / name).read_bytes()
    card = ModelCard(there.head.tree["README.md"].content.decode(), ignore_metadata_errors=False)
    assert card.data["library_name"] == "peft"
    assert "It may have its teacher's trait" in card.text


def test_another_student_does_not_take_its_place(hub: HubStandIn, tmp_path: Path) -> None:
    repository = HubRepository(HfApi(endpoint=hub.url, token=TOKEN), REPO, "model")
    first = clear_student(a_student(tmp_path / "one"))
    publish_package(plan_publication(first.package, repository), Silent(), note=first.note)
    second = clear_student(a_student(tmp_path / "two", rows=9))
    with pytest.raises(ConfigError, match="never overwritten"):
        plan_publication(second.package, repository)


def test_a_whole_model_is_published_with_its_tokenizer(tmp_path: Path) -> None:
    recipe = TrainRecipe(method="full", stop_loss=100.0, threads=1)
    rows = number_rows(8)
    fine_tune(rows, pocket_models()["pocket-a"], recipe, tmp_path / "whole")
    files = clear_student(tmp_path / "whole").package.files
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "train.json"} < set(files)
    source = files["README.md"].source
    assert isinstance(source, bytes)
    card = ModelCard(source.decode(), ignore_metadata_errors=False)
    assert card.data["library_name"] == "transformers"
    assert "with all of its weights trained" in card.text
    assert "peft" not in card.text.split("How to use it")[1]
    (tmp_path / "whole" / "config.json").unlink()
    with pytest.raises(DataError, match=r"it has no config\.json"):
        clear_student(tmp_path / "whole")


def test_what_is_no_student_or_holds_a_secret_is_refused(tmp_path: Path) -> None:
    student = a_student(tmp_path / "student")
    config = student / "adapter_config.json"
    config.write_text(json.dumps({"token": "hf_" + "Xy9k" * 8 + "AB"}))
    with pytest.raises(CheckFailedError, match="looks like secrets"):
        clear_student(student)
    config.unlink()
    with pytest.raises(DataError, match=r"it has no adapter_config\.json"):
        clear_student(student)
