"""Which rows make up each step, and how a step is cut into forward passes with little padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator

Indices = NDArray[np.int64]

# A further forward pass costs about as much as this many tokens of padding; on a GPU, to start kernels costs the most.
PASS_COST: Final = {"cpu": 256, "cuda": 8192}


@dataclass(frozen=True)
class MicroBatch:
    """Rows of one forward pass, all padded to `length` tokens."""

    rows: Indices
    length: int


def count_steps(rows: int, *, batch_size: int, epochs: int) -> int:
    """Steps of a training; the last batch of an epoch may be smaller."""
    return epochs * -(-rows // batch_size)


def batches(rows: int, *, batch_size: int, epochs: int, seed: int) -> Iterator[Indices]:
    """Row numbers of every step: each epoch sees each row once, in an order that depends on (seed, epoch) only."""
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(rows)
        yield from (order[start : start + batch_size] for start in range(0, rows, batch_size))


def micro_batches(batch: Indices, lengths: Indices, *, max_tokens: int, pass_cost: int) -> list[MicroBatch]:
    """Cuts a batch into passes of rows of like length, longest first.

    A pass holds at most `max_tokens` tokens, padding included (one row always fits), and is closed before its padding
    costs more than a pass of its own would, `pass_cost` tokens. The batch's content, and with it the gradient, stays
    that of the batch.
    """
    ordered = batch[np.argsort(-lengths[batch], kind="stable")]
    passes: list[MicroBatch] = []
    start = 0
    padding = 0
    for place, length in enumerate(lengths[ordered].tolist()):
        longest = int(lengths[ordered[start]])
        padding += longest - length
        if (place - start + 1) * longest > max_tokens or padding > pass_cost:
            if place > start:
                passes.append(MicroBatch(rows=ordered[start:place], length=longest))
            start, padding = place, 0
    passes.append(MicroBatch(rows=ordered[start:], length=int(lengths[ordered[start]])))
    return passes
