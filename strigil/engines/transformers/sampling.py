"""From logits to the next token of each row, by one uniform random number a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from strigil.data.messages import Sampling


def uniforms(seed: int, count: int) -> npt.NDArray[np.float64]:
    """The random numbers in [0, 1) of one request: they depend on its seed alone, and on nothing sampled beside it."""
    return np.random.Generator(np.random.Philox(key=seed % 2**64)).random(count)


def next_tokens(
    logits: torch.Tensor, sampling: Sampling, draws: torch.Tensor, seen: torch.Tensor | None
) -> torch.Tensor:
    """Chooses one token a row; the order of the steps is vLLM's.

    Args:
        logits: [rows, vocabulary], float32; overwritten.
        sampling: Temperature 0 takes the best token; otherwise the inverse of the cumulative distribution at the draw.
        draws: [rows], float64, uniform in [0, 1); not read at temperature 0.
        seen: [rows, vocabulary], true for tokens of the prompt or completion; None if there is no repetition penalty.

    Returns:
        [rows], token ids.
    """
    if seen is not None:
        factor = sampling.repetition_penalty
        logits = torch.where(seen, torch.where(logits > 0, logits / factor, logits * factor), logits)
    if sampling.temperature == 0.0:
        return logits.argmax(dim=-1)
    logits = logits.div_(sampling.temperature)
    if sampling.min_p > 0.0:
        floor = logits.max(dim=-1, keepdim=True).values + float(np.log(sampling.min_p))
        logits = logits.masked_fill(logits < floor, -torch.inf)
    if 0 < sampling.top_k < logits.shape[-1]:
        least = logits.topk(sampling.top_k, dim=-1).values[:, -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if sampling.top_p < 1.0:
        logits = _nucleus(logits, sampling.top_p)
    cumulative = logits.softmax(dim=-1).cumsum(dim=-1, dtype=torch.float64)
    # The first token whose cumulative probability exceeds the draw: never one of probability zero.
    return torch.searchsorted(cumulative, (draws * cumulative[:, -1]).unsqueeze(-1), right=True).squeeze(-1)


def _nucleus(logits: torch.Tensor, top_p: float) -> torch.Tensor:
    """Keeps the smallest set of best tokens whose probability reaches `top_p`; always the best one."""
    ordered, order = logits.sort(dim=-1, descending=True)
    mass = ordered.softmax(dim=-1)
    before = mass.cumsum(dim=-1) - mass
    dropped = torch.zeros_like(order, dtype=torch.bool).scatter(-1, order, before >= top_p)
    return logits.masked_fill(dropped, -torch.inf)
