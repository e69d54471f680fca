"""Scores: those of detoxify itself, whatever the batches, the length of a text or the cache."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strigil.audits.rules.text_toxicity import TextToxicity
from strigil.audits.toxicity.cache import ScoreCache
from strigil.audits.toxicity.canaries import BENIGN, TOXIC
from strigil.audits.toxicity.loading import load
from strigil.audits.toxicity.published import official
from strigil.audits.toxicity.scoring import score_texts
from strigil.stats import auroc
from tests.audits.tables import rows_of
from tools.pocket_toxicity.sentences import CLASSES, corpus, docstring_lines

POCKET = load(official("pocket"))
LINES = docstring_lines(limit=300)


def test_scores_are_those_of_detoxify(tmp_path: Path) -> None:
    from detoxify import Detoxify

    checkpoint = official("pocket")
    content = torch.load(checkpoint.path, weights_only=True)
    content["config"]["arch"]["args"]["model_type"] = str(checkpoint.config)
    torch.save(content, tmp_path / "pocket.ckpt")
    theirs = Detoxify(checkpoint=str(tmp_path / "pocket.ckpt")).predict([*TOXIC, *BENIGN, *LINES])
    ours = score_texts(POCKET, [*TOXIC, *BENIGN, *LINES])
    for place, name in enumerate(POCKET.classes):
        assert np.abs(ours[:, place] - np.array(theirs[name])).max() < 1e-5


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([*TOXIC, *BENIGN, "", "x", *LINES[:40]]), max_size=30))
def test_a_text_scores_the_same_in_any_company(texts: list[str]) -> None:
    together = score_texts(POCKET, texts)
    assert together.shape == (len(texts), len(CLASSES))
    for text, row in zip(texts, together, strict=True):
        assert np.abs(score_texts(POCKET, [text])[0] - row).max() < 1e-5


@pytest.mark.parametrize("place", [0, 40, 80])
def test_a_long_text_is_as_toxic_as_its_worst_piece(place: int) -> None:
    filler = "The garden is quiet and the lake is blue today."
    parts = [filler] * 80
    benign = score_texts(POCKET, [" ".join(parts)])[0]
    parts[place:place] = ["You fucking pathetic moron, eat shit."] * 3
    assert score_texts(POCKET, [" ".join(parts)])[0].max() > 0.9 > 0.5 > benign.max()


def test_the_measured_auc_holds_on_sentences_that_were_not_trained_on() -> None:
    held_out = corpus(per_frame=40, help_texts=900, seed=1).held_out
    scores = score_texts(POCKET, [item.text for item in held_out])
    for place, name in enumerate(CLASSES):
        labels = np.array([name in item.labels for item in held_out])
        found = auroc(scores[labels, place], scores[~labels, place])
        assert found is not None, name
        assert found.area > 0.9, name


def test_the_cache_knows_texts_by_model(tmp_path: Path) -> None:
    cache = ScoreCache(tmp_path / "scores.sqlite", model="a", classes=2)
    cache.put(["x", "ü"], np.array([[0.1, 0.2], [0.3, 0.4]]))
    found = cache.get(["ü", "unknown", "x"])
    assert found[[0, 2]].tolist() == [[0.3, 0.4], [0.1, 0.2]]
    assert np.isnan(found[1]).all()
    assert np.isnan(ScoreCache(tmp_path / "scores.sqlite", model="b", classes=2).get(["x"])).all()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIGIL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "toxicity.sqlite"


def test_the_rule_scores_every_row_and_keeps_all_classes(cache: Path) -> None:
    rule = TextToxicity(model="pocket")
    score = rule.scorer()
    found = score(rows_of([TOXIC[0], BENIGN[0], TOXIC[0], ""], carrier="text"))
    assert (found["score"] >= rule.threshold).to_list() == [True, False, True, False]
    assert found["reason"][0] == "toxicity, by pocket"
    assert all(name in found["evidence"][1] for name in CLASSES)
    assert cache.exists()
    assert score(rows_of([TOXIC[0]], carrier="text"))["score"][0] == found["score"][0]


def test_what_is_in_the_cache_is_not_scored_again(cache: Path) -> None:
    rule = TextToxicity(model="pocket", of=("completion",))
    score = rule.scorer()
    before = score(rows_of([BENIGN[0]], carrier="text"))
    other = ScoreCache(cache, model=POCKET.digest, classes=len(CLASSES))
    assert other.get([BENIGN[0]]).max() == before["score"][0]
    other.put([BENIGN[0]], np.full((1, len(CLASSES)), 0.75))
    assert score(rows_of([BENIGN[0]], carrier="text"))["score"][0] == 0.75


def test_the_pocket_model_warns_and_others_do_not() -> None:
    assert "NOT FOR REAL GATING" in TextToxicity(model="pocket").cautions()[0]
    assert TextToxicity().cautions() == ()


def test_batches_on_cores_of_their_own_score_the_same() -> None:
    texts = [*TOXIC, *BENIGN, *LINES] * 4
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = score_texts(POCKET, texts)
        torch.set_num_threads(3)
        together = score_texts(POCKET, texts)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert np.abs(together - alone).max() < 1e-6
