"""Scores of texts: batches of one length, long texts in overlapping pieces, and no padding where it can be helped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from strigil.audits.toxicity.model import Scores

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Part of a classifier's digest: another way to cut texts gives other scores.
VERSION: Final = 1
# Tokens a forward pass: enough to fill the cores, few enough to stay in their caches.
BATCH_TOKENS: Final = 512
# Tokens that a piece of a long text repeats of the piece before it, so that no phrase is cut everywhere.
_OVERLAP: Final = 32
# Once a batch is half full, padding may take this share of it before another one is begun.
_PADDING: Final = 0.05


@dataclass(frozen=True)
class Classifier:
    """A loaded model; `classes` names its first outputs, `digest` covers its files and `VERSION`."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    classes: tuple[str, ...]
    max_tokens: int
    digest: str

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of every class for every text, (texts, classes); of a long text, the highest of its pieces."""
        return score_texts(self, texts)


@dataclass(frozen=True)
class _Pieces:
    """Token ids of all pieces, and for each the place of its text."""

    ids: list[list[int]]
    text: npt.NDArray[np.int64]


def score_texts(classifier: Classifier, texts: Sequence[str]) -> Scores:
    """Scores of every class for every text, (texts, classes); of a long text, the highest of its pieces."""
    if not texts:
        return np.empty((0, len(classifier.classes)))
    pieces = _cut(classifier, texts)
    scores = np.zeros((len(texts), len(classifier.classes)))
    batches = list(_batches([len(ids) for ids in pieces.ids]))
    found = _on_every_core(partial(_forward, classifier), [[pieces.ids[place] for place in batch] for batch in batches])
    for batch, some in zip(batches, found, strict=True):
        np.maximum.at(scores, pieces.text[batch], some)
    return scores


def _on_every_core(forward: Callable[[list[list[int]]], Scores], batches: list[list[list[int]]]) -> Iterator[Scores]:
    """Scores of batches, in order, each on a core of its own.

    Cores that share a batch wait for each other at every one of its many small steps, and most of all on a machine that
    has other things to do.
    """
    import torch

    threads = torch.get_num_threads()
    if threads == 1 or len(batches) < threads:
        yield from map(forward, batches)
        return
    try:
        with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield from pool.map(forward, batches)
    finally:
        torch.set_num_threads(threads)


def _cut(classifier: Classifier, texts: Sequence[str]) -> _Pieces:
    encoded = classifier.tokenizer(
        list(texts),
        truncation=True,
        max_length=classifier.max_tokens,
        stride=_OVERLAP,
        return_overflowing_tokens=True,
        return_token_type_ids=False,
        return_attention_mask=False,
    )
    return _Pieces(encoded["input_ids"], np.array(encoded["overflow_to_sample_mapping"]))


def _batches(lengths: list[int]) -> Iterator[list[int]]:
    """Places of pieces, sorted by length and parted where padding or the number of tokens would grow too large."""
    order = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    batch: list[int] = []
    tokens = 0
    for place in order:
        longest = lengths[batch[0]] if batch else 0
        area = longest * (len(batch) + 1)
        wasteful = 2 * tokens > BATCH_TOKENS and area - tokens - lengths[place] > _PADDING * area
        if batch and (area > BATCH_TOKENS or wasteful):
            yield batch
            batch, tokens = [], 0
        batch.append(place)
        tokens += lengths[place]
    if batch:
        yield batch


def _forward(classifier: Classifier, rows: list[list[int]]) -> Scores:
    import torch

    longest = max(len(row) for row in rows)
    padding = classifier.tokenizer.pad_token_id
    ids = torch.tensor([row + [padding] * (longest - len(row)) for row in rows])
    padded = any(len(row) < longest for row in rows)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]) if padded else None
    with torch.inference_mode():
        logits = classifier.model(input_ids=ids, attention_mask=mask).logits
        scores: Scores = logits[:, : len(classifier.classes)].sigmoid().double().numpy()
    return scores
