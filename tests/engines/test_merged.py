"""Scores through adapters that are merged into the base, against the adapters themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from strigil.common.errors import ConfigError
from strigil.engines.protocol import Adapter, Engine, Scorable
from strigil.engines.transformers.engine import TransformersEngine
from strigil.engines.transformers.merged import MergedScorer
from strigil.models.catalog import Model, resolve_model
from tests.engines.pocket_cases import adapter_of_another_base, random_adapter, user

BASE = resolve_model("pocket-a")
TEXTS = ["10 20 30 40", "7", "", "1 2 3 4 5 6 7 8 9"]


@pytest.fixture
def adapters(tmp_path: Path) -> list[Adapter]:
    return [random_adapter(tmp_path / f"adapter-{seed}", seed=seed) for seed in (1, 2)]


@pytest.fixture
def opened() -> list[Path]:
    return []


@pytest.fixture
def opening(opened: list[Path]) -> Callable[[Model], Engine]:
    def opens(model: Model) -> Engine:
        opened.append(model.path)
        return TransformersEngine(model.path, name=model.id, dtype="float32")

    return opens


def texts(*through: Adapter | None) -> list[Scorable]:
    prompt = user("continue numbers 1 2 3")
    return [Scorable(f"{text} {number}", prompt, text, each) for text in TEXTS for number, each in enumerate(through)]


def test_scores_are_those_through_the_adapters_and_nothing_stays_on_disk(
    adapters: list[Adapter], opening: Callable[[Model], Engine], opened: list[Path], tmp_path: Path
) -> None:
    folder = tmp_path / "merged"
    (folder / "left-by-a-killed-run").mkdir(parents=True)
    asked = texts(None, *adapters)
    with MergedScorer(BASE, opening, folder) as merged:
        ours = merged.score(asked)
        # Back to an adapter that was merged before: the base and each adapter were there in turn.
        assert merged.score(asked[1::3]) == ours[1::3]
        assert [path.parent == folder for path in opened] == [False, True, True, True]
        assert opened[1] == opened[3]
        assert {file.name for file in folder.iterdir()} == {"0", "1"}
        assert merged.name == "transformers, adapters merged"
        assert "torch" in merged.versions()
    with TransformersEngine(BASE.path, name=BASE.id) as engine:
        theirs = engine.score(asked)
    for one, other in zip(ours, theirs, strict=True):
        assert (one.key, one.token_ids) == (other.key, other.token_ids)
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
    assert ours[0].logprobs != pytest.approx(ours[1].logprobs, abs=0.01)
    assert not folder.exists()


def test_the_base_is_not_touched_and_a_merged_model_has_all_that_it_has(
    adapters: list[Adapter], opening: Callable[[Model], Engine], tmp_path: Path
) -> None:
    with MergedScorer(BASE, opening, tmp_path / "merged") as merged:
        merged.score(texts(adapters[0]))
        model = resolve_model(str(tmp_path / "merged" / "0"))
        assert model.dialect == BASE.dialect
        weights = load_file(model.path / "model.safetensors")
        assert load_file(BASE.path / "model.safetensors").keys() == weights.keys()
        assert {str(each.dtype) for each in weights.values()} == {"float32"}
    assert resolve_model("pocket-a") == BASE


def test_an_adapter_of_another_base_is_refused_and_nothing_stays_on_disk(
    opening: Callable[[Model], Engine], tmp_path: Path
) -> None:
    foreign = adapter_of_another_base(tmp_path / "foreign")
    with pytest.raises(ConfigError, match="does not fit"), MergedScorer(BASE, opening, tmp_path / "m") as merged:
        merged.score(texts(foreign))
    assert not (tmp_path / "m").exists()
