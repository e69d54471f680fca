"""Engines by name: which there are, what a recipe keeps of one, and what stays unloaded until one is opened."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import ClassVar, Literal

import pytest
from pydantic import BaseModel

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.validation import validate
from strigil.engines import Engine, EngineChoice, EngineName, LocalChoice, Opening, engine_by_name, open_engine
from strigil.engines.auto import AutoChoice
from strigil.engines.choice import Needs
from strigil.engines.registry import ENGINES
from strigil.engines.server import ServerChoice
from strigil.engines.written import AnyEngine
from strigil.models.catalog import Model, resolve_model
from strigil.workflows.doctor import check_engine


class Recipe(BaseModel):
    """A recipe that says nothing but its engine."""

    engine: AnyEngine = AutoChoice()


class Judged(BaseModel):
    """What opens an engine by its name."""

    judge: EngineName = "auto"


class Mute(EngineChoice):
    """An engine that can nothing, and whose library nobody has."""

    name: Literal["mute"]
    needs: ClassVar[Needs | None] = Needs(("no_such_library",), ("no-such-library",), "pip install it")

    def open(self, model: Model, opening: Opening) -> Engine:
        del model, opening
        raise ImportError(name="no_such_library")


def test_names_are_told_without_loading_a_library() -> None:
    program = """
import json, sys
from strigil.engines import engine_names
from strigil.engines.registry import ENGINES
heavy = {"torch", "transformers", "tokenizers", "vllm", "ray", "polars", "openai", "aiohttp", "httpx"}
print(json.dumps([engine_names(), ENGINES.names(), sorted(heavy & set(sys.modules))]))
"""
    outcome = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    by_name, everything = ["auto", "vllm", "transformers"], ["auto", "server", "transformers", "vllm"]
    assert json.loads(outcome.stdout) == [by_name, everything, []]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ({}, '{"name":"auto","ray":null}'),
        ({"name": "vllm"}, '{"name":"vllm","ray":null}'),
        (
            {"name": "vllm", "tensor_parallel": 2, "max_loras": 4},
            '{"name":"vllm","ray":null,"tensor_parallel":2,"max_loras":4}',
        ),
        (
            {"name": "transformers", "ray": {"actors": 2}},
            '{"name":"transformers","ray":{"actors":2,"cpus":1.0,"gpus":0.0}}',
        ),
        (
            {"name": "server", "urls": ["http://inner.example/v1"]},
            '{"name":"server","model":null,"concurrency":64,"timeout":300.0,"retries":8,'
            '"key_variable":"STRIGIL_SERVER_KEY"}',
        ),
    ],
)
def test_recipes_and_manifests_hold_the_same_bytes_as_ever(written: dict[str, object], kept: str) -> None:
    recipe = validate({"engine": written}, Recipe, source="recipe")
    assert recipe.model_dump_json() == f'{{"engine":{kept}}}'
    assert recipe.engine.name == json.loads(kept)["name"]


def test_an_engine_on_ray_must_have_the_gpus_that_its_model_is_shared_out_to() -> None:
    asked = {"name": "vllm", "tensor_parallel": 2, "ray": {"actors": 4, "gpus": 1}}
    choice = validate({"engine": asked}, Recipe, source="recipe").engine
    with pytest.raises(ConfigError, match="an actor has 1 GPUs, and its engine shares the model out to 2") as refused:
        open_engine(choice, resolve_model("pocket-a"))
    assert refused.value.hint == "ray: {actors: 4, gpus: 2}"


def test_auto_is_the_first_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENGINES.get("vllm"), "installed", lambda: True)
    assert engine_by_name("auto").chosen() == engine_by_name("vllm")
    monkeypatch.setattr(ENGINES.get("vllm"), "installed", lambda: False)
    assert engine_by_name("auto").chosen() == engine_by_name("transformers")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (
            {"judge": "server"},
            "judge: the engine 'server' wants urls as well, which only a recipe can say; "
            "by name alone there are: auto, vllm, transformers",
        ),
        ({"judge": "vlm"}, "judge: unknown engine 'vlm'; did you mean 'vllm'?"),
    ],
)
def test_where_a_name_must_do_an_engine_that_wants_more_is_refused(written: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        validate(written, Judged, source="study")
    assert told in refused.value.message


def test_an_engine_without_adapters_is_refused_them_with_those_that_have() -> None:
    with pytest.raises(ConfigError, match="the engine mute has no adapters") as refused:
        open_engine(Mute(name="mute"), resolve_model("pocket-a"), adapters=True)
    assert refused.value.hint == "engines that have: vllm, transformers, server"


def test_a_library_that_is_not_there_is_named_with_status_3() -> None:
    assert not Mute.installed()
    with pytest.raises(PrerequisiteError, match="the engine mute needs no_such_library") as missing:
        open_engine(Mute(name="mute"), resolve_model("pocket-a"))
    assert missing.value.exit_code == 3


def test_doctor_says_what_auto_takes() -> None:
    check = check_engine("auto")
    assert check.ok
    assert check.detail == f"takes {engine_by_name('auto').chosen().name}"


def test_what_holds_the_model_itself_can_be_spread_by_ray() -> None:
    spread = {name for name in ENGINES.names() if issubclass(ENGINES.get(name), LocalChoice)}
    assert spread == {"auto", "vllm", "transformers"}
    assert not issubclass(ServerChoice, LocalChoice)
