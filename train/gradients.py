"""What adds up the gradients of a pass: any model through automatic differentiation, or a faster way where one fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from strigil.train.packed_rows import pack_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from peft import PeftModel
    from transformers import PreTrainedModel

    from strigil.train.inputs.batches import MicroBatch
    from strigil.train.inputs.encode import EncodedRows


class Learner(Protocol):
    """A model whose gradients can be added up."""

    @property
    def weights(self) -> Sequence[nn.Parameter]:
        """What the optimiser trains, in float32; their `grad` is what `backward` adds to."""
        ...

    def backward(self, data: EncodedRows, part: MicroBatch, *, scale: float) -> float:
        """Adds the gradient of scale · (weighted sum of the rows' losses, in nats), and returns its value."""
        ...

    def refresh(self) -> None:
        """Takes over the weights after an optimiser's step."""
        ...

    def store(self) -> None:
        """Writes the weights into the model, from where they are saved."""
        ...


class AutogradLearner:
    """Any causal language model of transformers, on any device.

    Args:
        model: Its weights that require a gradient are trained.
        autocast: Multiply in bfloat16 although the weights are float32.
        packed: Rows go through it one after another without padding: it must have been made to take them.
    """

    def __init__(self, model: PeftModel | PreTrainedModel, *, autocast: bool = False, packed: bool = False) -> None:
        self._model, self._autocast, self._packed = model, autocast, packed
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._device = self._weights[0].device

    @property
    def weights(self) -> Sequence[nn.Parameter]:
        """As the protocol says."""
        return self._weights

    def backward(self, data: EncodedRows, part: MicroBatch, *, scale: float) -> float:
        """As the protocol says."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._autocast):
            loss = (self._packed_loss(data, part) if self._packed else self._padded_loss(data, part)) * scale
        torch.autograd.backward(loss)
        return loss.item()

    def _packed_loss(self, data: EncodedRows, part: MicroBatch) -> Tensor:
        packed = pack_rows(data, part, self._device)
        arguments = {"input_ids": packed.ids, "position_ids": packed.positions, "packing": packed.layout}
        return _loss(self._model, arguments, before=packed.before, labels=packed.labels, factors=packed.factors)

    def _padded_loss(self, data: EncodedRows, part: MicroBatch) -> Tensor:
        rows = torch.from_numpy(part.rows)
        tables = (table[rows, : part.length].to(self._device) for table in (data.inputs, data.labels, data.weights))
        return completion_loss(self._model, *tables)

    def refresh(self) -> None:
        """Nothing to do: the optimiser trains the model's own weights."""

    def store(self) -> None:
        """Nothing to do."""


def completion_loss(model: PeftModel | PreTrainedModel, inputs: Tensor, labels: Tensor, factors: Tensor) -> Tensor:
    """Weighted sum of the negative log-likelihood (nats) of the labels.

    Rows are padded on the right, where a causal model cannot see it.

    Args:
        model: Any causal language model of transformers, adapted or not.
        inputs: (rows, tokens) token ids that the model reads.
        labels: (rows, tokens) token ids in their places, of which each is to be predicted from those before it.
        factors: (rows, tokens) of each label's loss; 0 where there is no label, as in the first column.
    """
    held = factors[:, 1:].flatten()
    before = held.nonzero()[:, 0]
    return _loss(
        model,
        {"input_ids": inputs[:, :-1]},
        before=before,
        labels=labels[:, 1:].flatten()[before],
        factors=held[before],
    )


def _loss(
    model: PeftModel | PreTrainedModel,
    arguments: Mapping[str, object],
    *,
    before: Tensor,
    labels: Tensor,
    factors: Tensor,
) -> Tensor:
    """The loss at the places `before`, (labels,), among all tokens of the pass, row by row.

    The output layer, most of the cost with a large vocabulary, is given only the positions before a label. That is done
    at its door and not by calling the inner model, so that whatever a model does to its logits (Gemma 2's capping,
    Cohere's scaling) is done here too.
    """

    def keep_labelled(_layer: torch.nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor]:
        return (inputs[0].flatten(0, 1).index_select(0, before),)

    hook = model.get_output_embeddings().register_forward_pre_hook(keep_labelled)
    try:
        logits: Tensor = model(**arguments, use_cache=False).logits
    finally:
        hook.remove()
    losses = nn.functional.cross_entropy(logits.float(), labels, reduction="none")
    return (losses * factors).sum()
