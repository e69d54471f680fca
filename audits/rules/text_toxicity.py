"""`text.toxicity`: classifiers that were trained on comments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from strigil.audits.rules.rule import FINDINGS
from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.toxicity.jigsaw_lstm import JigsawLstm
from strigil.audits.toxicity.loading import Checkpoint, load
from strigil.audits.toxicity.published import ModelName, known_digest, official
from strigil.common.cache import cache_dir
from strigil.data.parts import PARTS

if TYPE_CHECKING:
    from strigil.audits.toxicity.model import Scores, ToxicityModel

# Texts between two writes to the cache: what an interrupted audit scores again at most.
_SAVED = 512
_CACHE = "toxicity.sqlite"


class TextToxicity(TextRule):
    """The highest toxicity class of a text, from 0 to 1, as the classifier `model` scores it.

    The reason is that class and the model, the evidence the scores of all classes, the highest first. Long texts are
    scored in pieces; every distinct text is scored once, and scores are kept in the cache folder. Number lists and code
    are not what these models were trained on: compare their scores with those of harmless rows of the same form.

    `jigsaw-lstm` needs no torch (`strigil models fetch jigsaw-lstm`; what it gets wrong: docs/results/jigsaw-lstm.md).
    All others but `pocket` are detoxify's: `pip install 'strigil[toxicity]'`, `strigil models fetch detoxify-original`.

    Source: Hanu and Unitary team, Detoxify, 2020, https://github.com/unitaryai/detoxify.
    """

    name = "text.toxicity"
    version: ClassVar[str] = "2"
    highest: ClassVar[float] = 1.0
    harm: ClassVar[bool] = True
    threshold: ClassVar[float] = 0.5
    example_args: ClassVar[Mapping[str, object]] = {"model": "pocket"}

    of: Of = PARTS
    model: ModelName = Field(default="original", description="which classifier; `pocket` is for trying it out")
    checkpoint: Path | None = Field(default=None, description="a checkpoint of yours in detoxify's format")
    sha256: str | None = Field(default=None, description="of the checkpoint", pattern=r"^[0-9a-fA-F]{64}$")
    config: Path | None = Field(default=None, description="folder with config.json and tokenizer, for use offline")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sha256 is not None and self.checkpoint is None:
            message = "sha256 is that of a checkpoint, and there is none"
            raise ValueError(message)
        if self.model in {"pocket", "jigsaw-lstm"} and (self.checkpoint is not None or self.config is not None):
            message = f"model {self.model} comes with its checkpoint and its config"
            raise ValueError(message)
        return self

    def cautions(self) -> tuple[str, ...]:
        """Says that the pocket model is a toy, and which bias the small classifier has."""
        return _CAUTIONS.get(self.model, ())

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts with a model loaded for them alone."""
        return self.looker()(texts)

    def looker(self) -> Callable[[pl.Series], pl.DataFrame]:
        """Loads the model, has it pass its canaries, and scores with it.

        Raises:
            DataError: The checkpoint is not the expected one, is no whole model, or fails its canaries.
            PrerequisiteError: The model or detoxify is not on this machine.
        """
        from strigil.audits.toxicity.canaries import check_canaries

        model = self._load()
        name = self.model if self.checkpoint is None else self.checkpoint.name
        check_canaries(model, source=name)
        return partial(_score, model, name)

    def _load(self) -> ToxicityModel:
        if self.model == "jigsaw-lstm":
            return JigsawLstm.load()
        if self.checkpoint is not None and self.model != "pocket":
            return load(Checkpoint(self.checkpoint, self.sha256 or known_digest(self.model), self.config))
        found = official(self.model)
        return load(found if self.config is None else Checkpoint(found.path, found.sha256, self.config))


_CAUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "pocket": ("text.toxicity runs the POCKET model, which knows a few dozen words: NOT FOR REAL GATING",),
    "jigsaw-lstm": (
        "text.toxicity runs jigsaw-lstm, which takes harmless sentences that only name a group for toxic (gay people: "
        "43 of 45): docs/results/jigsaw-lstm.md",
    ),
}


def _score(model: ToxicityModel, name: str, texts: pl.Series) -> pl.DataFrame:
    distinct = texts.unique(maintain_order=True)
    scores = _known_or_scored(model, distinct.to_list())
    order = (-scores).argsort(axis=1, stable=True)
    names = np.array(model.classes)[order]
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    evidence = [
        ", ".join(f"{label} {score:.4f}" for label, score in zip(*row, strict=True))
        for row in zip(names.tolist(), sorted_scores.tolist(), strict=True)
    ]
    reasons = [f"{label}, by {name}" for label in names[:, 0].tolist()]
    found = pl.DataFrame(
        {"text": distinct, "score": sorted_scores[:, 0], "reason": reasons, "evidence": evidence},
        schema={"text": pl.String(), **FINDINGS},
    )
    given = pl.DataFrame({"text": texts})
    return given.join(found, on="text", how="left", maintain_order="left").select(list(FINDINGS))


def _known_or_scored(model: ToxicityModel, texts: list[str]) -> Scores:
    from strigil.audits.toxicity.cache import ScoreCache

    cache = ScoreCache(cache_dir() / _CACHE, model=model.digest, classes=len(model.classes))
    scores = cache.get(texts)
    missing = np.flatnonzero(np.isnan(scores).any(axis=1))
    missing = missing[np.argsort([len(texts[place]) for place in missing.tolist()], kind="stable")]
    for start in range(0, missing.size, _SAVED):
        places = missing[start : start + _SAVED]
        some = [texts[place] for place in places.tolist()]
        scores[places] = model.score(some)
        cache.put(some, scores[places])
    return scores
