"""Rows of a pass as one sequence of tokens: no padding, and what all of them begin with only once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strigil.train.inputs.batches import MicroBatch
    from strigil.train.inputs.encode import EncodedRows


@dataclass(frozen=True)
class Attended:
    """Which tokens read which, as padded rows.

    Attributes:
        queries: (rows, most queries) places among the queries; padding repeats the first.
        keys: (rows, most keys) places among the tokens; every row begins with the shared ones.
        mask: (rows or 1, most queries, most keys) 0 where a query may read a key, minus infinity elsewhere.
        back: (queries,) place of every query among `queries`, flattened.
        own: (own tokens,) place of every token that is not shared among the rows' own keys, flattened.
        shared: Tokens that all rows begin with.
    """

    queries: Tensor
    keys: Tensor
    mask: Tensor
    back: Tensor
    own: Tensor
    shared: int

    def to(self, device: torch.device) -> Attended:
        """The same on a device."""
        queries, keys, mask, back, own = (
            x.to(device) for x in (self.queries, self.keys, self.mask, self.back, self.own)
        )
        return Attended(queries, keys, mask, back, own, self.shared)

    def to_tokens(self, padded: Tensor, tokens: int) -> Tensor:
        """Sums (rows, keys, …) over the places where each token stands: (tokens, …)."""
        out = padded.new_empty(tokens, *padded.shape[2:])
        torch.sum(padded[:, : self.shared], dim=0, out=out[: self.shared])
        out[self.shared :] = padded[:, self.shared :].flatten(0, 1).index_select(0, self.own)
        return out


@dataclass(frozen=True)
class Packed:
    """The tokens of a pass: first those that its rows share, then each row's own.

    Attributes:
        ids: (tokens,) what the model reads; a row's last token is only predicted.
        positions: (tokens,) place of each token in its row.
        rows: How the rows' own tokens read.
        prefix: How the shared ones read, or None if there are none.
        last: How the tokens before a label read, for the last layer, in which nothing else matters.
        labelled: (labels,) places of these tokens.
        labels: (labels,) what they are to predict.
        factors: (labels,) factor of each label's loss.
    """

    ids: Tensor
    positions: Tensor
    rows: Attended
    prefix: Attended | None
    last: Attended
    labelled: Tensor
    labels: Tensor
    factors: Tensor

    def to(self, device: torch.device) -> Packed:
        """The same on a device."""
        return Packed(
            ids=self.ids.to(device),
            positions=self.positions.to(device),
            rows=self.rows.to(device),
            prefix=None if self.prefix is None else self.prefix.to(device),
            last=self.last.to(device),
            labelled=self.labelled.to(device),
            labels=self.labels.to(device),
            factors=self.factors.to(device),
        )


def pack(data: EncodedRows, part: MicroBatch, dtype: torch.dtype) -> Packed:
    """Lays out the rows of a pass."""
    inputs = data.inputs.numpy()[part.rows]
    starts, lengths = data.starts[part.rows], data.lengths[part.rows]
    shared = _shared(inputs, int(starts.min()) - 1)
    span = np.arange(part.length - 1)
    held = (span >= shared) & (span < lengths[:, None] - 1)
    first = np.cumsum([shared, *(lengths - 1 - shared)])[:-1]
    keys = np.where(span < shared, span, np.where(held, first[:, None] + span - shared, shared))
    row, place = np.nonzero(held)
    own = row * (part.length - 1 - shared) + place - shared
    queries = keys[:, shared:] - shared
    seen = span[None, :] <= span[shared:, None]
    labelled = held & (span >= starts[:, None] - 1)
    label_row, label_place = np.nonzero(labelled)
    counts = lengths - starts
    numbered = np.arange(int(counts.max()))
    before = np.cumsum([0, *counts])[:-1]
    last_places = np.minimum(starts[:, None] - 1 + numbered, part.length - 2)
    last_queries = np.where(numbered < counts[:, None], before[:, None] + numbered, 0)
    last_back = label_row * len(numbered) + label_place - (starts[label_row] - 1)
    keys_at, own_at = torch.from_numpy(keys), torch.from_numpy(own)
    chosen = torch.from_numpy(part.rows)
    label_at = (chosen[torch.from_numpy(label_row)], torch.from_numpy(label_place + 1))
    return Packed(
        ids=torch.from_numpy(np.concatenate([inputs[0, :shared], inputs[row, place]])),
        positions=torch.from_numpy(np.concatenate([span[:shared], place])),
        rows=Attended(torch.from_numpy(queries), keys_at, _additive(seen[None], dtype), own_at, own_at, shared),
        prefix=_prefix(shared, dtype) if shared else None,
        last=Attended(
            torch.from_numpy(last_queries),
            keys_at,
            _additive(span <= last_places[:, :, None], dtype),
            torch.from_numpy(last_back),
            own_at,
            shared,
        ),
        labelled=torch.from_numpy(keys[labelled]),
        labels=data.labels[label_at],
        factors=data.weights[label_at],
    )


def _shared(inputs: NDArray[np.int64], most: int) -> int:
    """How many tokens all rows begin with, of at most so many."""
    equal = (inputs[:, :most] == inputs[0, :most]).all(axis=0)
    return most if equal.all() else int(equal.argmin())


def _prefix(shared: int, dtype: torch.dtype) -> Attended:
    places = torch.arange(shared)
    seen = np.tri(shared, dtype=bool)[None]
    return Attended(places[None], places[None], _additive(seen, dtype), places, places, 0)


def _additive(seen: NDArray[np.bool_], dtype: torch.dtype) -> Tensor:
    return torch.zeros(seen.shape, dtype=dtype).masked_fill_(torch.from_numpy(~seen), -torch.inf)
