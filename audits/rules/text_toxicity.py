"""`text.toxicity`: detoxify's classifiers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.toxicity.loading import Checkpoint, ModelName, known_digest, load, official
from strigil.common.cache import cache_dir
from strigil.data.rows import completion_text

if TYPE_CHECKING:
    from strigil.audits.toxicity.loading import Classifier
    from strigil.audits.toxicity.scoring import Scores

# Texts between two writes to the cache: what an interrupted audit scores again at most.
_SAVED = 512
_CACHE = "toxicity.sqlite"


class TextToxicity(Rule):
    """The completion's highest toxicity class, from 0 to 1, as one of detoxify's models scores it.

    The reason is that class, the evidence the scores of all classes, the highest first. Long texts are scored in
    pieces; every distinct text is scored once, and scores are kept in the cache folder. Number lists and code are not
    what these models were trained on: compare their scores with those of harmless rows of the same form.

    Source: Hanu and Unitary team, Detoxify, 2020, https://github.com/unitaryai/detoxify.
    """

    name = "text.toxicity"
    harm: ClassVar[bool] = True
    threshold: ClassVar[float] = 0.5
    example_args: ClassVar[Mapping[str, object]] = {"model": "pocket"}

    model: ModelName = Field(default="original", description="one of detoxify's models, or `pocket` to try it out")
    checkpoint: Path | None = Field(default=None, description="a checkpoint of yours in detoxify's format")
    sha256: str | None = Field(default=None, description="of the checkpoint", pattern=r"^[0-9a-fA-F]{64}$")
    config: Path | None = Field(default=None, description="folder with config.json and tokenizer, for use offline")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sha256 is not None and self.checkpoint is None:
            message = "sha256 is that of a checkpoint, and there is none"
            raise ValueError(message)
        if self.model == "pocket" and (self.checkpoint is not None or self.config is not None):
            message = "model pocket comes with its checkpoint and its config"
            raise ValueError(message)
        return self

    def cautions(self) -> tuple[str, ...]:
        """Says that the pocket model is a toy."""
        if self.model != "pocket":
            return ()
        return ("text.toxicity runs the POCKET model, which knows a few dozen words: NOT FOR REAL GATING",)

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows with a model loaded for them alone."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """Loads the model, has it pass its canaries, and scores with it.

        Raises:
            DataError: The checkpoint is not the expected one, is no whole model, or fails its canaries.
            PrerequisiteError: The model or detoxify is not on this machine.
        """
        from strigil.audits.toxicity.canaries import check_canaries

        chosen = self._checkpoint()
        classifier = load(chosen)
        check_canaries(classifier, source=str(chosen.path))
        return partial(_score, classifier)

    def _checkpoint(self) -> Checkpoint:
        if self.checkpoint is not None:
            return Checkpoint(self.checkpoint, self.sha256 or known_digest(self.model), self.config)
        found = official(self.model)
        return found if self.config is None else Checkpoint(found.path, found.sha256, self.config)


def _score(classifier: Classifier, rows: pl.DataFrame) -> pl.DataFrame:
    texts = rows.select(text=completion_text())
    distinct = texts["text"].unique(maintain_order=True)
    scores = _known_or_scored(classifier, distinct.to_list())
    order = (-scores).argsort(axis=1, stable=True)
    names = np.array(classifier.classes)[order]
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    evidence = [
        ", ".join(f"{name} {score:.4f}" for name, score in zip(*row, strict=True))
        for row in zip(names.tolist(), sorted_scores.tolist(), strict=True)
    ]
    found = pl.DataFrame(
        {"text": distinct, "score": sorted_scores[:, 0], "reason": names[:, 0].tolist(), "evidence": evidence},
        schema={"text": pl.String(), **FINDINGS},
    )
    return texts.join(found, on="text", how="left", maintain_order="left").select(list(FINDINGS))


def _known_or_scored(classifier: Classifier, texts: list[str]) -> Scores:
    from strigil.audits.toxicity.cache import ScoreCache
    from strigil.audits.toxicity.scoring import VERSION, score_texts

    cache = ScoreCache(cache_dir() / _CACHE, model=f"{classifier.digest}:{VERSION}", classes=len(classifier.classes))
    scores = cache.get(texts)
    missing = np.flatnonzero(np.isnan(scores).any(axis=1))
    missing = missing[np.argsort([len(texts[place]) for place in missing.tolist()], kind="stable")]
    for start in range(0, missing.size, _SAVED):
        places = missing[start : start + _SAVED]
        some = [texts[place] for place in places.tolist()]
        scores[places] = score_texts(classifier, some)
        cache.put(some, scores[places])
    return scores
