"""One batch of prompts decoded by a transformers model, with a key-value cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from transformers import DynamicCache

from strigil.data.messages import Sampling
from strigil.engines.protocol import Request
from strigil.engines.tokens.chat import ChatTokenizer, Prompt
from strigil.engines.tokens.padding import Padded, pad_left
from strigil.engines.transformers.sampling import next_tokens, uniforms

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from strigil.engines.transformers.constraint import ConstraintCompiler


@dataclass(frozen=True, slots=True)
class Decoded:
    """The tokens that one request was answered with, the end token included."""

    request: Request
    ids: list[int]


@torch.inference_mode()
def decode(
    model: PreTrainedModel | PeftModel,
    chat: ChatTokenizer,
    prompts: Sequence[Prompt],
    vocabulary: int,
    compiler: ConstraintCompiler | None,
) -> list[Decoded]:
    """Samples a completion for each prompt, in the order in which they end; all of them share one `Sampling`.

    Args:
        model: The model, seen through the adapter that the requests name.
        chat: Its tokenizer.
        prompts: At least one.
        vocabulary: Number of the model's logits.
        compiler: Compiles the sampling's constraint; only needed if there is one.
    """
    decoded: list[Decoded] = []
    sampling = prompts[0].request.sampling
    batch = pad_left([prompt.ids for prompt in prompts], chat.pad_id, model.device)
    steps = max(prompt.max_tokens for prompt in prompts)
    draws = _draws(prompts, sampling, steps).to(model.device)
    chosen = np.zeros((len(prompts), steps), dtype=np.int64)
    rows = np.arange(len(prompts))
    limits = np.array([prompt.max_tokens for prompt in prompts])
    ends = np.array(chat.end_ids)
    constraint = None if compiler is None else compiler.constrain(sampling, len(prompts))
    seen = _seen(batch, vocabulary) if sampling.repetition_penalty != 1.0 else None
    cache = DynamicCache(config=model.config)
    ids, mask, positions = batch.ids, batch.mask, batch.positions
    for step in range(steps):
        out = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        # In float32 whatever the weights are: cumulative probabilities of 16-bit logits would be too coarse to draw by.
        logits = out.logits[:, -1].to(torch.float32, copy=True)
        if constraint is not None:
            constraint.mask(logits, rows)
        tokens = next_tokens(logits, sampling, draws[:, step], seen)
        picked = tokens.cpu().numpy()
        chosen[rows, step] = picked
        if constraint is not None:
            constraint.accept(rows, picked)
        done = np.isin(picked, ends) | (limits[rows] == step + 1)
        decoded.extend(Decoded(prompts[row].request, chosen[row, : step + 1].tolist()) for row in rows[done])
        if done.all():
            break
        if seen is not None:
            seen.scatter_(1, tokens.unsqueeze(1), value=True)
        if mask is not None:
            mask = torch.nn.functional.pad(mask, (0, 1), value=True)
        positions = positions[:, -1:] + 1
        if done.any():
            keep = torch.from_numpy(np.flatnonzero(~done)).to(model.device)
            rows = rows[~done]
            cache.batch_select_indices(keep)
            tokens, positions, draws = tokens[keep], positions[keep], draws[keep]
            mask = None if mask is None else mask[keep]
            seen = None if seen is None else seen[keep]
        ids = tokens.unsqueeze(1)
    return decoded


def _draws(prompts: Sequence[Prompt], sampling: Sampling, steps: int) -> torch.Tensor:
    draws = np.zeros((len(prompts), steps))
    if sampling.temperature > 0.0:
        for row, prompt in enumerate(prompts):
            draws[row, : prompt.max_tokens] = uniforms(prompt.request.seed, prompt.max_tokens)
    return torch.from_numpy(draws)


def _seen(batch: Padded, vocabulary: int) -> torch.Tensor:
    seen = torch.zeros((len(batch.ids), vocabulary), dtype=torch.bool, device=batch.ids.device)
    real = torch.ones_like(batch.ids, dtype=torch.bool) if batch.mask is None else batch.mask
    # Padding must not count as seen, and its id can be that of a real token: so real tokens are set last.
    rows, columns = real.nonzero(as_tuple=True)
    seen[rows, batch.ids[rows, columns]] = True
    return seen
