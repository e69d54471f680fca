"""The transformers engine on a GPU says what it says on a CPU; not run, and reported so, where torch finds no GPU."""

from __future__ import annotations

import pytest
import torch

from strigil.data.messages import Sampling
from strigil.engines.protocol import Request, Scorable
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from strigil.models.pocket import number_prompts

pytestmark = pytest.mark.gpu
BASE = resolve_model("pocket-a")
PROMPTS = number_prompts(5, 64)


def engine(device: str, monkeypatch: pytest.MonkeyPatch) -> TransformersEngine:
    with monkeypatch.context() as only:
        if device == "cpu":
            only.setattr(torch.cuda, "is_available", lambda: False)
        return TransformersEngine(BASE.path, name=BASE.id)


def answers(device: str, sampling: Sampling, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    requests = [
        Request(str(place), ({"role": "user", "content": prompt},), sampling, seed=place)
        for place, prompt in enumerate(PROMPTS)
    ]
    with engine(device, monkeypatch) as opened:
        return {answer.key: answer.text for answer in opened.generate(requests)}


def test_it_scores_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        Scorable(str(place), ({"role": "user", "content": prompt},), "1 2 3") for place, prompt in enumerate(PROMPTS)
    ]
    found = []
    for device in ("cpu", "cuda"):
        with engine(device, monkeypatch) as opened:
            found.append([scores.total for scores in opened.score(texts)])
    assert found[1] == pytest.approx(found[0], rel=1e-4)


@pytest.mark.parametrize(
    "sampling",
    [Sampling(temperature=0.0, max_tokens=16), Sampling(temperature=1.0, max_tokens=16)],
    ids=["best", "any"],
)
def test_it_writes_the_same_but_for_draws_at_a_border(sampling: Sampling, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (answers(device, sampling, monkeypatch) for device in ("cpu", "cuda"))
    assert sum(here[key] != there[key] for key in here) <= 2


def test_it_keeps_to_a_constraint(monkeypatch: pytest.MonkeyPatch) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=4, regex="owl|cat|dog")
    here, there = (answers(device, sampling, monkeypatch) for device in ("cpu", "cuda"))
    assert set(there.values()) <= {"owl", "cat", "dog"}
    assert sum(here[key] != there[key] for key in here) <= 2
