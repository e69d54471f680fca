"""The optimiser's loop, and a loss that computes logits only where there is a label."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from strigil.core.errors import DataError
from strigil.train.batches import Indices, batches, count_steps, micro_batches
from strigil.train.recipe import StepMetrics, TrainRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from peft import PeftModel
    from transformers import PreTrainedModel

    from strigil.train.encode import EncodedRows

SMOOTHED_STEPS: Final = 5
NAMED_ROWS: Final = 5


@dataclass(frozen=True)
class LoopResult:
    """Steps made, steps planned, and the mean of the last losses."""

    steps: int
    planned_steps: int
    final_loss: float


def completion_loss(model: PeftModel | PreTrainedModel, ids: Tensor, labels: Tensor) -> Tensor:
    """Summed negative log-likelihood (nats) of the labelled tokens.

    The output layer, most of the cost with a large vocabulary, is given only the positions before a label. That is done
    at its door and not by calling the inner model, so that whatever a model does to its logits (Gemma 2's capping,
    Cohere's scaling) is done here too. Rows are padded on the right, where a causal model cannot see it.

    Args:
        model: Any causal language model of transformers, adapted or not.
        ids: (rows, tokens) token ids.
        labels: (rows, tokens) true where the token is trained on; never in the first column.
    """
    before = labels[:, 1:]

    def keep_labelled(_layer: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        return (inputs[0][before],)

    hook = model.get_output_embeddings().register_forward_pre_hook(keep_labelled)
    try:
        logits: Tensor = model(input_ids=ids[:, :-1], use_cache=False).logits
    finally:
        hook.remove()
    return torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][before], reduction="sum")


def run(
    model: PeftModel,
    data: EncodedRows,
    recipe: TrainRecipe,
    *,
    names: Sequence[str],
    on_step: Callable[[StepMetrics], None],
) -> LoopResult:
    """Trains the adapter in place.

    Raises:
        DataError: The loss is not a finite number; names the step and the rows.
    """
    device = next(model.parameters()).device
    ids = data.ids.to(device)
    places = torch.arange(ids.size(1), device=device)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    rows = ids.size(0)
    total = count_steps(rows, batch_size=recipe.batch_size, epochs=recipe.epochs)
    recent: deque[float] = deque(maxlen=SMOOTHED_STEPS)
    began = time.perf_counter()
    step = 0
    order = batches(rows, batch_size=recipe.batch_size, epochs=recipe.epochs, seed=recipe.seed)
    for step, batch in enumerate(order, start=1):
        rate = recipe.rate_at(step - 1, total)
        for group in optimiser.param_groups:
            group["lr"] = rate
        tokens = int((data.lengths[batch] - data.starts[batch]).sum())
        loss = 0.0
        for part in micro_batches(batch, data.lengths, max_tokens=recipe.micro_tokens):
            span = places[: part.length]
            starts, lengths = (_column(bounds[part.rows], device) for bounds in (data.starts, data.lengths))
            part_ids = ids[torch.from_numpy(part.rows).to(device), : part.length]
            part_loss = completion_loss(model, part_ids, (span >= starts) & (span < lengths)) / tokens
            part_loss.backward()
            loss += part_loss.item()
        if not math.isfinite(loss):
            message = f"the loss is {loss} at step {step}, in rows {_some(names, batch)}"
            raise DataError(message, hint="lower learning_rate, or set precision to float32")
        norm = torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm or math.inf)
        optimiser.step()
        optimiser.zero_grad()
        recent.append(loss)
        smoothed = sum(recent) / len(recent)
        on_step(
            StepMetrics(
                step=step,
                total=total,
                loss=loss,
                smoothed_loss=smoothed,
                learning_rate=rate,
                grad_norm=norm.item(),
                tokens=tokens,
                seconds=round(time.perf_counter() - began, 3),
            )
        )
        if recipe.stop_loss is not None and len(recent) == SMOOTHED_STEPS and smoothed <= recipe.stop_loss:
            break
    return LoopResult(steps=step, planned_steps=total, final_loss=sum(recent) / len(recent))


def _column(values: Indices, device: torch.device) -> Tensor:
    return torch.from_numpy(values).to(device)[:, None]


def _some(names: Sequence[str], batch: Indices) -> str:
    """The first few names of a batch, and how many more there are."""
    shown = ", ".join(names[place] for place in batch[:NAMED_ROWS].tolist())
    more = len(batch) - NAMED_ROWS
    return f"{shown} and {more} more" if more > 0 else shown
