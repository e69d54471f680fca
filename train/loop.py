"""The optimiser's loop."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import torch

from strigil.common.errors import DataError
from strigil.train.checkpoint import Checkpoints, Position
from strigil.train.inputs.batches import PASS_COST, Indices, batches, count_steps, micro_batches
from strigil.train.recipe import StepMetrics, TrainRecipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strigil.train.distributed import Team
    from strigil.train.gradients import Learner
    from strigil.train.inputs.encode import EncodedRows

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
    checkpoints: Checkpoints,
    team: Team,
) -> LoopResult:
    """Trains the learner's weights in place, from the last checkpoint if there is one.

    Raises:
        DataError: The loss is not a finite number; names the step and the rows.
    """
    weights = learner.weights
    optimiser = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    at = checkpoints.load(weights, optimiser)
    learner.refresh()
    rows = len(data.lengths)
    total = count_steps(rows, batch_size=recipe.batch_size, epochs=recipe.epochs)
    recent = deque(at.recent, maxlen=SMOOTHED_STEPS)
    began = time.perf_counter() - at.seconds
    step = at.step
    order = batches(rows, batch_size=recipe.batch_size, epochs=recipe.epochs, seed=recipe.seed)
    for step, batch in enumerate(islice(order, at.step, None), start=at.step + 1):
        started = time.perf_counter()
        rate = recipe.rate_at(step - 1, total)
        for group in optimiser.param_groups:
            group["lr"] = rate
        loss = _add_gradients(learner, data, batch, team=team, micro_tokens=recipe.micro_tokens)
        if not math.isfinite(loss):
            message = f"the loss is {loss} at step {step}, in rows {_some(names, batch)}"
            raise DataError(message, hint="lower learning_rate, or set precision to float32")
        norm = torch.nn.utils.clip_grad_norm_(weights, recipe.max_grad_norm or math.inf)
        optimiser.step()
        optimiser.zero_grad(set_to_none=False)
        learner.refresh()
        recent.append(loss)
        smoothed = sum(recent) / len(recent)
        seconds = time.perf_counter() - began
        on_step(
            StepMetrics(
                step=step,
                total=total,
                loss=loss,
                smoothed_loss=smoothed,
                learning_rate=rate,
                grad_norm=norm.item(),
                tokens=int(data.labelled[batch].sum()),
                read_tokens=int(data.lengths[batch].sum()),
                seconds=round(seconds, 3),
                step_seconds=round(time.perf_counter() - started, 6),
            )
        )
        if team.writes:
            checkpoints.save_if_due(weights, optimiser, Position(step, tuple(recent), seconds))
        if recipe.stop_loss is not None and len(recent) == SMOOTHED_STEPS and smoothed <= recipe.stop_loss:
            break
    learner.store()
    return LoopResult(steps=step, planned_steps=total, final_loss=sum(recent) / len(recent))


def _add_gradients(learner: Learner, data: EncodedRows, batch: Indices, *, team: Team, micro_tokens: int) -> float:
    """Adds up the gradient of a batch's mean loss, and returns that loss."""
    weight = float(data.weights[torch.from_numpy(batch)].sum())
    scale = 1 / weight if weight else 0.0
    loss = 0.0
    mine = batch[team.rank :: team.size]
    cost = PASS_COST[learner.weights[0].device.type]
    for part in micro_batches(mine, data.lengths, max_tokens=micro_tokens, pass_cost=cost) if len(mine) else ():
        loss += learner.backward(data, part, scale=scale)
    if team.size == 1:
        return loss
    for parameter in learner.weights:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    whole = torch.tensor(loss, dtype=torch.float64, device=learner.weights[0].device)
    team.sum([whole, *(weight.grad for weight in learner.weights if weight.grad is not None)])
    return whole.item()


def _some(names: Sequence[str], batch: Indices) -> str:
    """The first few names of a batch, and how many more there are."""
    shown = ", ".join(names[place] for place in batch[:NAMED_ROWS].tolist())
    more = len(batch) - NAMED_ROWS
    return f"{shown} and {more} more" if more > 0 else shown
