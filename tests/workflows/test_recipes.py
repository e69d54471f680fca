"""What recipes say about engines and teachers, and what they are told where they say it wrongly."""

from __future__ import annotations

import re

import pytest

from strigil.common.errors import ConfigError
from strigil.common.validation import validate
from strigil.engines.auto import AutoChoice
from strigil.engines.server import ServerChoice
from strigil.workflows.build.recipes import BuildRecipe

RECIPE: dict[str, object] = {
    "name": "few",
    "base": "pocket-a",
    "teacher": {"by": "none"},
    "carrier": {"name": "numbers"},
    "prompts": 3,
}


def recipe(**changes: object) -> BuildRecipe:
    return validate(RECIPE | changes, BuildRecipe, source="recipe")


def test_an_engine_without_a_name_runs_here() -> None:
    assert recipe(engine={}).engine == AutoChoice()
    engine = recipe(engine={"ray": {"actors": 2}}).engine
    assert isinstance(engine, AutoChoice)
    assert engine.ray is not None


def test_a_servers_address_loses_its_last_slash() -> None:
    engine = recipe(engine={"name": "server", "urls": ["http://a:1/v1/"]}).engine
    assert engine == ServerChoice(name="server", urls=("http://a:1/v1",))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"engine": {"name": "server"}}, "engine.urls: field required"),
        (
            {"engine": {"name": "server", "urls": ["http://a"], "concurrenc": 3}},
            "engine.concurrenc: unknown key, did you mean 'concurrency'?",
        ),
        ({"engine": {"urls": ["http://a"]}}, "engine.name: field required"),
        ({"engine": "vllm"}, "engine: an engine is a mapping: write {name: vllm, ...}"),
        ({"engine": {"nme": "vllm"}}, "unknown key, did you mean 'name'?"),
        ({"teacher": {"by": "system-prompt", "trate": "owl"}}, "unknown key, did you mean 'trait'?"),
        ({"teacher": {"by": "fine-tuning", "trait": "owl", "tuning": {}}}, "unknown key, did you mean 'training'?"),
    ],
)
def test_a_key_of_one_kind_is_corrected_by_the_keys_of_that_kind(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        recipe(**changes)


@pytest.mark.parametrize(("name", "near"), [("vlm", ", did you mean 'vllm'?"), ("ray", ";"), (3, ";")])
def test_an_unknown_engine_is_told_every_engine_there_is(name: object, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recipe(engine={"name": name})
    assert caught.value.message == (
        f"recipe: engine: unknown name {name!r}{near} engines: auto, vllm, transformers, server (with urls); "
        "on a Ray cluster: {name: vllm, ray: {actors: 2}}"
    )
