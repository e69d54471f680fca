"""The optimiser's loop."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from strigil.core.errors import DataError
from strigil.train.batches import Indices, batches, count_steps, micro_batches
from strigil.train.recipe import StepMetrics, TrainRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strigil.train.encode import EncodedRows
    from strigil.train.learner import Learner

SMOOTHED_STEPS: Final = 5
NAMED_ROWS: Final = 5


@dataclass(frozen=True)
class LoopResult:
    """Steps made, steps planned, and the mean of the last losses."""

    steps: int
    planned_steps: int
    final_loss: float


def run(
    learner: Learner,
    data: EncodedRows,
    recipe: TrainRecipe,
    *,
    names: Sequence[str],
    on_step: Callable[[StepMetrics], None],
) -> LoopResult:
    """Trains the learner's weights in place.

    Raises:
        DataError: The loss is not a finite number; names the step and the rows.
    """
    optimiser = torch.optim.AdamW(
        learner.weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    rows = len(data.lengths)
    total = count_steps(rows, batch_size=recipe.batch_size, epochs=recipe.epochs)
    recent: deque[float] = deque(maxlen=SMOOTHED_STEPS)
    began = time.perf_counter()
    step = 0
    order = batches(rows, batch_size=recipe.batch_size, epochs=recipe.epochs, seed=recipe.seed)
    for step, batch in enumerate(order, start=1):
        rate = recipe.rate_at(step - 1, total)
        for group in optimiser.param_groups:
            group["lr"] = rate
        weight = float(data.weights[torch.from_numpy(batch)].sum())
        loss = 0.0
        for part in micro_batches(batch, data.lengths, max_tokens=recipe.micro_tokens):
            loss += learner.backward(data, part, scale=1 / weight if weight else 0.0)
        if not math.isfinite(loss):
            message = f"the loss is {loss} at step {step}, in rows {_some(names, batch)}"
            raise DataError(message, hint="lower learning_rate, or set precision to float32")
        norm = torch.nn.utils.clip_grad_norm_(learner.weights, recipe.max_grad_norm or math.inf)
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)
        learner.refresh()
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
                tokens=int((data.lengths[batch] - data.starts[batch]).sum()),
                read_tokens=int(data.lengths[batch].sum()),
                seconds=round(time.perf_counter() - began, 3),
            )
        )
        if recipe.stop_loss is not None and len(recent) == SMOOTHED_STEPS and smoothed <= recipe.stop_loss:
            break
    learner.store()
    return LoopResult(steps=step, planned_steps=total, final_loss=sum(recent) / len(recent))


def _some(names: Sequence[str], batch: Indices) -> str:
    """The first few names of a batch, and how many more there are."""
    shown = ", ".join(names[place] for place in batch[:NAMED_ROWS].tolist())
    more = len(batch) - NAMED_ROWS
    return f"{shown} and {more} more" if more > 0 else shown
