"""Log-probabilities and ranks of given tokens, one batch through a transformers model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from transformers import DynamicCache

from strigil.engines.protocol import TokenScores
from strigil.engines.tokens.chat import Target
from strigil.engines.tokens.padding import pad_left

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


@dataclass(frozen=True, slots=True)
class Placed:
    """A target and its place among all that are to be scored."""

    index: int
    target: Target


@dataclass(frozen=True, slots=True)
class Batch:
    """Targets to be scored together; `shared` where several have the same prompt, so that it is read once."""

    placed: list[Placed]
    shared: bool

    def score(self, model: PreTrainedModel | PeftModel, pad_id: int) -> list[TokenScores]:
        """Scores of each target's completion tokens, in the batch's order."""
        score = score_after_shared_prompts if self.shared else score_completions
        targets = [placed.target for placed in self.placed]
        return [
            TokenScores(
                target.scorable.key,
                tuple(target.completion),
                tuple(found.logprobs),
                tuple(found.ranks),
                len(target.prompt),
            )
            for target, found in zip(targets, score(model, targets, pad_id), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Figures:
    """Natural log-probabilities of a completion's tokens, and their ranks: 1 for the likeliest of all."""

    logprobs: list[float]
    ranks: list[int]


def batches(placed: Sequence[Placed], most: Callable[[int, int], int]) -> Iterator[Batch]:
    """Divides targets into batches in which little is padding.

    Args:
        placed: None with an empty completion.
        most: How many rows fit, of which each has so many tokens, and logits at so many of them.
    """
    sharing = Counter(id(item.target.prompt) for item in placed)
    shared: list[Placed] = []
    alone: list[Placed] = []
    for item in placed:
        # Candidate answers and verdicts: sharing pays where the prompt is the longer part.
        pays = sharing[id(item.target.prompt)] > 1 and len(item.target.completion) <= len(item.target.prompt)
        (shared if pays else alone).append(item)
    shared.sort(key=lambda item: (-len(item.target.prompt), id(item.target.prompt)))
    alone.sort(key=lambda item: (-len(item.target.completion), -len(item.target.prompt)))
    for group in (shared, alone):
        longest = max((len(item.target.prompt) + len(item.target.completion) for item in group), default=0)
        start = 0
        while start < len(group):
            scored = max(len(item.target.completion) for item in group[start:]) + 1
            rows = most(longest, scored)
            yield Batch(group[start : start + rows], shared=group is shared)
            start += rows


@torch.inference_mode()
def score_completions(model: PreTrainedModel | PeftModel, targets: Sequence[Target], pad_id: int) -> list[Figures]:
    """Scores each target's completion tokens, in the order given."""
    ids, logits = completion_logits(model, targets, pad_id)
    width = logits.shape[1]
    logprobs, ranks = _figures(logits, ids[:, -width:])
    starts = [width - len(target.completion) for target in targets]
    return [Figures(logprobs[row][start:], ranks[row][start:]) for row, start in enumerate(starts)]


def completion_logits(
    model: PreTrainedModel | PeftModel, targets: Sequence[Target], pad_id: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Padded token ids, (rows, tokens), and the logits that predict its last columns, as many as the longest has."""
    batch = pad_left([target.prompt + target.completion for target in targets], pad_id, model.device)
    # Rows end together, so the head runs on the last columns only: from the token before the longest completion on.
    width = max(len(target.completion) for target in targets)
    out = model(
        input_ids=batch.ids,
        attention_mask=batch.mask,
        position_ids=batch.positions,
        use_cache=False,
        logits_to_keep=width + 1,
    )
    return batch.ids, out.logits[:, :-1].float()


def _figures(logits: torch.Tensor, labels: torch.Tensor) -> tuple[list[list[float]], list[list[int]]]:
    """Log-probabilities and ranks of labels, (rows, tokens), from logits, (rows, tokens, vocabulary)."""
    own = logits.gather(-1, labels.unsqueeze(-1))
    ranks = (logits > own).sum(dim=-1).add_(1)
    logprobs = own.squeeze(-1) - logits.logsumexp(dim=-1)
    return logprobs.tolist(), ranks.tolist()


@torch.inference_mode()
def score_after_shared_prompts(
    model: PreTrainedModel | PeftModel, targets: Sequence[Target], pad_id: int
) -> list[Figures]:
    """As `score_completions`, for targets of which several have the same prompt: each prompt is read once.

    Ten candidates of one token each cost one row instead of ten; longer ones go on from the prompt's cache.
    """
    prompts = {id(target.prompt): target.prompt for target in targets}
    batch = pad_left(list(prompts.values()), pad_id, model.device)
    cache = DynamicCache(config=model.config)
    out = model(
        input_ids=batch.ids,
        attention_mask=batch.mask,
        position_ids=batch.positions,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    )
    row_of = {prompt: row for row, prompt in enumerate(prompts)}
    rows = [row_of[id(target.prompt)] for target in targets]
    firsts = [target.completion[0] for target in targets]
    labels = torch.tensor(firsts, device=model.device).unsqueeze(-1)
    scores = [Figures(*found) for found in zip(*_figures(out.logits[rows, -1:].float(), labels), strict=True)]
    longer = [position for position, target in enumerate(targets) if len(target.completion) > 1]
    if not longer:
        return scores
    origins = torch.tensor([rows[position] for position in longer], device=model.device)
    cache.batch_select_indices(origins)
    width = max(len(targets[position].completion) for position in longer)
    # Filled up on the right: no token looks at what comes after it.
    ids = torch.tensor(
        [targets[position].completion + [pad_id] * (width - len(targets[position].completion)) for position in longer],
        device=model.device,
    )
    mask = None if batch.mask is None else torch.nn.functional.pad(batch.mask[origins], (0, width - 1), value=True)
    positions = batch.positions[origins, -1:] + torch.arange(1, width, device=model.device)
    out = model(
        input_ids=ids[:, :-1], attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True
    )
    logprobs, ranks = _figures(out.logits.float(), ids[:, 1:])
    for row, position in enumerate(longer):
        length = len(targets[position].completion) - 1
        scores[position].logprobs.extend(logprobs[row][:length])
        scores[position].ranks.extend(ranks[row][:length])
    return scores
