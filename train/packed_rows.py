"""Rows of a pass as one sequence without padding, none of which sees another, for the models of transformers.

Everything but attention treats each token by itself, so that it computes no padding at all; within attention, rows are
filled up on the right, where a causal model cannot see it, and go through torch's own fused kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from strigil.train.inputs.batches import MicroBatch
    from strigil.train.inputs.encode import EncodedRows

ATTENTION: Final = "strigil_packed_rows"
PROBED_TOKENS: Final = 9
# Largest difference of a probe's logits, in standard deviations of them: rounding, and far below a row that is seen.
ROUNDING: Final = {torch.float32: 1e-3, torch.bfloat16: 0.25, torch.float16: 0.05}


class CannotPackError(Exception):
    """A model's attention asks for something that packed rows do not have."""


@dataclass(frozen=True)
class Layout:
    """Where the tokens of packed rows stand.

    Attributes:
        rows, longest: Shape of the padded rows.
        places: (tokens,) place of each token among the padded ones, flattened.
    """

    rows: int
    longest: int
    places: Tensor

    def pad(self, x: Tensor) -> Tensor:
        """(1, heads, tokens, width) to (rows, heads, longest, width)."""
        flat = x[0].transpose(0, 1).flatten(1)
        padded = flat.new_zeros(self.rows * self.longest, flat.size(1)).index_copy(0, self.places, flat)
        return padded.view(self.rows, self.longest, x.size(1), x.size(3)).transpose(1, 2)

    def pack(self, x: Tensor) -> Tensor:
        """(rows, heads, longest, width) to (1, tokens, heads, width)."""
        flat = x.transpose(1, 2).reshape(self.rows * self.longest, -1)
        return flat.index_select(0, self.places).view(1, -1, x.size(1), x.size(3))


@dataclass(frozen=True)
class PackedRows:
    """The rows of a pass, each without its last token, which is only predicted.

    Attributes:
        ids, positions: (1, tokens).
        layout: Of the tokens.
        before: (labels,) places of the tokens before a label.
        labels, factors: (labels,) what is to be predicted, and the factor of its loss.
    """

    ids: Tensor
    positions: Tensor
    layout: Layout
    before: Tensor
    labels: Tensor
    factors: Tensor


def pack_rows(data: EncodedRows, part: MicroBatch, device: torch.device) -> PackedRows:
    """Lays the rows of a pass one after another."""
    rows, longest = torch.from_numpy(part.rows), part.length - 1
    held = torch.arange(longest) < torch.from_numpy(data.lengths[part.rows] - 1)[:, None]
    row, position = held.nonzero(as_tuple=True)
    factors = data.weights[rows, 1 : part.length][held]
    before = factors.nonzero()[:, 0]
    return PackedRows(
        ids=data.inputs[rows, :longest][held][None].to(device),
        positions=position[None].to(device),
        layout=Layout(len(rows), longest, (row * longest + position).to(device)),
        before=before.to(device),
        labels=data.labels[rows, 1 : part.length][held][before].to(device),
        factors=factors[before].to(device),
    )


def attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    packing: Layout | None = None,
    **others: object,
) -> tuple[Tensor, None]:
    """Causal attention of packed rows, as transformers calls it.

    Raises:
        CannotPackError: The model does not hand the layout on, or its attention is more than causal.
    """
    del module
    if packing is None or attention_mask is not None:
        message = "the model does not hand arguments on to its attention"
        raise CannotPackError(message)
    more = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
    if more:
        message = f"its attention has {more[0]}"
        raise CannotPackError(message)
    q, k, v = (packing.pad(x) for x in (query, key, value))
    near = None
    if sliding_window is not None and sliding_window < packing.longest:
        whole = torch.ones(packing.longest, packing.longest, dtype=torch.bool, device=q.device)
        near = whole.tril().triu(1 - sliding_window)
    out = functional.scaled_dot_product_attention(
        q, k, v, attn_mask=near, is_causal=near is None, scale=scaling, enable_gqa=k.size(1) != q.size(1)
    )
    return packing.pack(out), None


AttentionInterface.register(ATTENTION, attend)


def take_packed(model: PeftModel | PreTrainedModel, base: PreTrainedModel, *, most_tokens: int) -> bool:
    """Makes a model take packed rows, if they come out as rows do that are alone; else leaves it as it was.

    Found out by trying it, since no flag of a model says that nothing but its attention joins tokens.

    Args:
        model: What is trained.
        base: The model of transformers in it, or the same.
        most_tokens: Longest row that it will be given.
    """
    config = base.config.get_text_config()
    windows = [size for name in ("sliding_window", "attention_chunk_size") if (size := config.to_dict().get(name))]
    longest = min(most_tokens, max(PROBED_TOKENS, min(windows, default=0) + 3))
    chance = torch.Generator().manual_seed(0)
    ids = torch.randint(config.vocab_size, (1, longest + 3), generator=chance).to(base.device)
    first, second = ids[:, :longest], ids[:, longest:]
    positions = torch.cat([torch.arange(longest), torch.arange(3)])[None].to(base.device)
    places = torch.cat([torch.arange(longest), longest + torch.arange(3)]).to(base.device)
    before = base.config._attn_implementation  # transformers has no public way to ask
    with torch.no_grad():
        alone = torch.cat([model(input_ids=row, use_cache=False).logits for row in (first, second)], dim=1).float()
        base.set_attn_implementation(ATTENTION)
        try:
            layout = Layout(2, longest, places)
            together = model(input_ids=ids, position_ids=positions, packing=layout, use_cache=False).logits.float()
        except (CannotPackError, TypeError):
            together = torch.full_like(alone, torch.inf)
    packs = bool((together - alone).abs().max() <= ROUNDING[base.dtype] * alone.std())
    if not packs:
        base.set_attn_implementation(before)
    return packs
