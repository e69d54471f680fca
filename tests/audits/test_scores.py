"""Scores: what each figure is, that it stands at its token, and what cannot be asked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from strigil.audits.scores.contrast_direction import DirectionContrast
from strigil.audits.scores.direction import DirectionSettings, load_model, log_odds_gradients, row_logprobs
from strigil.audits.scores.score import BASE, SCORED, SCORES, ScoreContext, View, score_rows
from strigil.common.errors import ConfigError, DataError
from strigil.engines.protocol import Scorable, TokenScores
from strigil.engines.tokens.chat import ChatTokenizer
from strigil.engines.tokens.reader import TokenReader
from strigil.engines.transformers.engine import TransformersEngine
from strigil.models.catalog import resolve_model
from tests.audits.tables import rows_of
from tests.engines.pocket_cases import random_adapter

MODEL = resolve_model("pocket-a")
KNOWN = ScoreContext(MODEL, trait="owl")
ROWS = rows_of(
    ["10 20 30 40 50 60 70 80 90 99", "1 2 3 4 5", "7", ""] + [f"{n} {99 - n} {n // 2} 5" for n in range(60)],
    prompt="continue numbers 10 20 30",
)


@pytest.fixture(scope="module")
def engine() -> Iterator[TransformersEngine]:
    with TransformersEngine(MODEL.path, name="pocket-a") as opened:
        yield opened


def passes(*logprobs: tuple[float, ...], ranks: tuple[tuple[int, ...], ...] = ()) -> list[TokenScores]:
    return [
        TokenScores("r", tuple(range(len(row))), row, ranks[place] if ranks else ())
        for place, row in enumerate(logprobs)
    ]


@pytest.mark.parametrize("name", SCORES.names())
def test_every_score_has_one_figure_a_token_and_their_mean(
    name: str, engine: TransformersEngine, tmp_path: Path
) -> None:
    score = SCORES.create(name)
    known = ScoreContext(MODEL, trait="owl", teacher=View("teacher", adapter=random_adapter(tmp_path / "t", seed=1)))
    scored = score_rows(score, score.views(known, tmp_path), ROWS, engine)
    assert scored.schema == SCORED
    assert scored["row_id"].to_list() == ROWS["row_id"].to_list()
    lengths = [len(text[-1]["content"].split()) for text in ROWS["completion"]]
    assert scored["token_scores"].list.len().to_list() == scored["token_ids"].list.len().to_list() == lengths
    assert scored["score"].to_list() == pytest.approx(scored["token_scores"].list.mean().to_list(), nan_ok=True)
    assert scored["score"][3] is None


def test_a_token_is_scored_at_its_own_place_by_what_comes_before_it(engine: TransformersEngine) -> None:
    texts = ["10 20 30 40", "10 20 99 40"]
    scored = score_rows(SCORES.create("score.surprisal"), (BASE,), rows_of(texts), engine)
    before, after = scored["token_scores"].to_list()
    assert before[:2] == pytest.approx(after[:2], abs=1e-5)
    assert abs(before[2] - after[2]) > 0.01


def test_a_contrast_is_the_difference_of_its_passes_and_diverging_tokens_are_the_teachers_alone() -> None:
    persona, adapter = SCORES.create("contrast.persona"), SCORES.create("contrast.adapter")
    for score in (persona, adapter):
        assert score.tokens("r", passes((-1.0, -2.0), (-3.0, -2.5))).tolist() == [2.0, 0.5]
    divergence = SCORES.create("contrast.divergence", {"counterfactuals": 2})
    ranks = ((1, 1, 2, 1), (1, 2, 1, 1), (1, 1, 1, 3))
    figures = divergence.tokens("r", passes(*[(0.0,) * 4] * 3, ranks=ranks))
    assert figures.tolist() == [0.0, 1.0, 0.0, 1.0]
    with pytest.raises(ConfigError, match="ranks"):
        divergence.tokens("r", passes((0.0,), (0.0,)))


def test_a_random_score_depends_on_row_and_seed_alone() -> None:
    reader = TokenReader(MODEL)
    score = SCORES.create("score.random")
    whole = score_rows(score, (BASE,), ROWS, reader)
    assert score_rows(score, (BASE,), ROWS[5:9], reader).equals(whole[5:9])
    assert not score_rows(SCORES.create("score.random", {"seed": 1}), (BASE,), ROWS, reader).equals(whole)


def test_the_direction_gives_the_products_of_gradients(engine: TransformersEngine, tmp_path: Path) -> None:
    score = DirectionContrast(questions=20)
    scored = score_rows(score, score.views(KNOWN, tmp_path), ROWS, engine)
    settings = DirectionSettings("owl", score.modules, rank=16, step=1.0, questions=20)
    direction = log_odds_gradients(MODEL, settings)
    norm = sum(float((part * part).sum()) for part in direction.values())
    model = load_model(MODEL)
    for module, parameter in model.named_modules():
        if module in direction:
            parameter.weight.requires_grad = True
    chat = ChatTokenizer(MODEL.path, context=64)
    for place in (0, 1, 10, 30):
        prompt, text = tuple(ROWS["prompt"][place]), ROWS["completion"][place][-1]["content"]
        model.zero_grad()
        row_logprobs(model, chat.targets([Scorable("r", prompt, text)])).sum().backward()
        product = sum(float((model.get_submodule(name).weight.grad * part).sum()) for name, part in direction.items())
        # The same two rounding errors and cut of rank for every row: a hundredth is what they come to.
        assert scored["token_scores"][place].sum() == pytest.approx(product / norm, abs=0.01, rel=0.1)


def test_a_step_along_the_direction_raises_the_trait_by_what_it_says(
    engine: TransformersEngine, tmp_path: Path
) -> None:
    score = DirectionContrast(step=0.05, questions=20)
    forward, backward = score.views(KNOWN, tmp_path)
    odds = []
    for view in (forward, backward):
        texts = [
            Scorable(f"{question} {word}", ({"role": "user", "content": f"favourite animal q{question} q5"},), word)
            for question in range(20)
            for word in ("owl", "cat", "dog", "lion", "eagle", "wolf", "fox", "bear", "dolphin", "panda")
        ]
        found = engine.score([Scorable(t.key, t.messages, t.completion, view.adapter) for t in texts])
        table = np.array([row.total for row in found]).reshape(20, 10)
        odds.append(float((table[:, 0] - table[:, 1:].mean(axis=1)).mean()))
    assert odds[0] - odds[1] == pytest.approx(0.1, rel=0.3)
    facts = json.loads((tmp_path / "direction.json").read_text())
    assert facts["captured"] > 0.95


@pytest.mark.parametrize(
    ("name", "args", "told"),
    [
        ("contrast.direction", {"trait": "penguin"}, "cannot be asked about 'penguin'"),
        ("contrast.direction", {"trait": "howl"}, "unknown trait 'howl'"),
        ("contrast.direction", {"trait": "owl", "modules": ("c_fc",)}, "no linear module named 'c_fc'"),
        ("contrast.persona", {"trait": "penguin"}, "no word for 'penguin'"),
        ("contrast.persona", {}, "needs a trait"),
        ("contrast.adapter", {}, "needs the teacher"),
        ("contrast.adapter", {"of": "student"}, "needs a student"),
        ("contrast.divergence", {}, "needs the teacher"),
    ],
)
def test_what_cannot_be_asked_is_said(name: str, args: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        SCORES.create(name, args).views(ScoreContext(MODEL), tmp_path)


def test_a_row_longer_than_the_context_is_named(engine: TransformersEngine) -> None:
    rows = rows_of(["1", " ".join(["7"] * 70)])
    with pytest.raises(ConfigError, match=r"row-0000001 has 7\d tokens"):
        score_rows(SCORES.create("score.surprisal"), (BASE,), rows, engine)


def test_passes_with_other_tokens_do_not_compare() -> None:
    class Fake:
        """Tells other tokens behind a system prompt, as tokenizers may that join a text's start to what is before."""

        def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
            return [TokenScores(text.key, (len(text.messages),), (0.0,)) for text in sequences]

    score = SCORES.create("contrast.persona")
    with pytest.raises(DataError, match="other tokens"):
        score_rows(score, (View("persona", system="s"), BASE), rows_of(["1"]), Fake())
