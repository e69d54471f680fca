"""Tokens of a given text drawn anew, one batch through a transformers model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from strigil.data.messages import Sampling
from strigil.engines.tokens.chat import ChatTokenizer, Target
from strigil.engines.transformers.sampling import next_tokens, uniforms
from strigil.engines.transformers.scoring import completion_logits

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Draws:
    """A text, and a seed for each place of its completion that is to be drawn anew; `index` is its own place."""

    index: int
    target: Target
    seeds: Mapping[int, int]


@torch.inference_mode()
def redraw(model: PreTrainedModel | PeftModel, batch: Sequence[Draws], chat: ChatTokenizer) -> list[dict[int, int]]:
    """Tokens by place, drawn from the model's distribution after the tokens before them; none that ends a turn.

    Args:
        model: The model, seen through the adapter that the targets name.
        batch: Texts with a completion, and a seed for each place of it that is to be drawn.
        chat: The model's tokenizer.
    """
    _, logits = completion_logits(model, [item.target for item in batch], chat.pad_id)
    width = logits.shape[1]
    flat = [
        (row, width - len(item.target.completion) + place, seed)
        for row, item in enumerate(batch)
        for place, seed in item.seeds.items()
    ]
    rows, columns = ([cell[axis] for cell in flat] for axis in (0, 1))
    chosen = logits[rows, columns]
    chosen[:, chat.end_ids] = -torch.inf
    draws = torch.tensor([uniforms(seed, 1)[0] for _, _, seed in flat], dtype=torch.float64, device=logits.device)
    tokens = iter(next_tokens(chosen, Sampling(temperature=1.0), draws, None).tolist())
    return [{place: next(tokens) for place in item.seeds} for item in batch]
