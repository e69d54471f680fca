"""Rows of token ids of different lengths as one tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Padded:
    """Rows filled up on the left; `mask` is None where all have the same length, which is faster."""

    ids: torch.Tensor
    mask: torch.Tensor | None
    positions: torch.Tensor


def pad_left(rows: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> Padded:
    """Fills rows up on the left, so that they end together."""
    lengths = torch.tensor([len(row) for row in rows])
    width = int(lengths.max())
    ids = torch.tensor([[pad_id] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = (torch.arange(width) >= (width - lengths).unsqueeze(1)).to(device)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    return Padded(ids, None if bool(mask.all()) else mask, positions)
