"""One layer of a decoder of Llama's shape, forward and backward, for frozen weights with adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from strigil.train.fast_llama.kernels import (
    Attention,
    AttentionState,
    FusedLinear,
    RmsNorm,
    gated,
    gated_backward,
    rotate,
)

if TYPE_CHECKING:
    from strigil.train.fast_llama.packing import Packed

# The parts of a layer in the order of the forward; the backward ends at the first that has an adapter.
ATTENDING, LEAVING, OPENING, CLOSING = range(4)


@dataclass(frozen=True)
class LayerState:
    """What a layer keeps for its backward: the input of every part, and x Aᵀ of its adapters."""

    x: Tensor
    inverse: Tensor
    normed: Tensor
    asked: Tensor
    q_low: Tensor | None
    kv_low: Tensor | None
    attention: AttentionState
    prefix: AttentionState | None
    attended: Tensor
    o_low: Tensor | None
    middle: Tensor
    middle_inverse: Tensor
    middle_normed: Tensor
    both: Tensor
    both_low: Tensor | None
    act: Tensor
    act_low: Tensor | None


@dataclass(frozen=True)
class Layer:
    """A decoder layer: norm, attention, norm, gated feed-forward, each added to what came in.

    Attributes:
        last: Of the decoder: only the tokens before a label ask, and go on.
    """

    attention: Attention
    norm: RmsNorm
    q: FusedLinear
    kv: FusedLinear
    o: FusedLinear
    middle_norm: RmsNorm
    both: FusedLinear
    down: FusedLinear
    last: bool

    @property
    def parts(self) -> tuple[tuple[FusedLinear, ...], ...]:
        """Its linear parts, in the order of the forward."""
        return (self.q, self.kv), (self.o,), (self.both,), (self.down,)

    @property
    def first_adapted(self) -> int | None:
        """The first part that has an adapter."""
        return next((n for n, part in enumerate(self.parts) if any(linear.blocks for linear in part)), None)

    def forward(self, x: Tensor, packed: Packed, cos: Tensor, sin: Tensor) -> tuple[Tensor, LayerState]:
        """(tokens, width) to the same, or to (labels, width) in the last layer; and what the backward needs."""
        normed, inverse = self.norm.forward(x)
        asked = normed[packed.labelled] if self.last else normed
        q_flat, q_low = self.q.forward(asked)
        kv, kv_low = self.kv.forward(normed)
        at = self.attention
        keys = at.key_heads * at.width
        turns = (cos[packed.labelled], sin[packed.labelled]) if self.last else (cos, sin)
        q = rotate(q_flat.view(-1, at.heads, at.width), *turns)
        k = rotate(kv[:, :keys].view(-1, at.key_heads, at.width), cos, sin)
        v = kv[:, keys:].view(-1, at.key_heads, at.width)
        shared = packed.rows.shared
        prefix = None
        if self.last:
            attended, attention = at.forward(q, k, v, packed.last)
        else:
            attended, attention = at.forward(q[shared:], k, v, packed.rows)
            if packed.prefix is not None:
                first, prefix = at.forward(q[:shared], k[:shared], v[:shared], packed.prefix)
                attended = torch.cat([first, attended])
        out, o_low = self.o.forward(attended)
        middle = out.add_(x[packed.labelled] if self.last else x)
        middle_normed, middle_inverse = self.middle_norm.forward(middle)
        both, both_low = self.both.forward(middle_normed)
        act = gated(both)
        out, act_low = self.down.forward(act)
        kept = LayerState(
            x,
            inverse,
            normed,
            asked,
            q_low,
            kv_low,
            attention,
            prefix,
            attended,
            o_low,
            middle,
            middle_inverse,
            middle_normed,
            both,
            both_low,
            act,
            act_low,
        )
        return out.add_(middle), kept

    def backward(
        self, dy: Tensor, state: LayerState, packed: Packed, cos: Tensor, sin: Tensor, *, stop: int | None
    ) -> Tensor | None:
        """Adds the adapters' gradients to theirs, and returns that of the input, if all parts were gone through.

        Args:
            dy: Gradient of the output.
            state: Of the forward.
            packed: Of the forward.
            cos: Of the rotary positions.
            sin: Of the rotary positions.
            stop: The first part that has an adapter, where nothing before this layer has one.
        """
        d_act = self.down.backward(dy, state.act, state.act_low, inputs=stop != CLOSING)
        if d_act is None:
            return None
        d_normed = self.both.backward(
            gated_backward(d_act, state.both), state.middle_normed, state.both_low, inputs=stop != OPENING
        )
        if d_normed is None:
            return None
        d_middle = self.middle_norm.backward(d_normed, state.middle, state.middle_inverse).add_(dy)
        d_attended = self.o.backward(d_middle, state.attended, state.o_low, inputs=stop != LEAVING)
        if d_attended is None:
            return None
        dq, d_keys = self._attention_backward(d_attended, state, packed)
        turns = (cos[packed.labelled], sin[packed.labelled]) if self.last else (cos, sin)
        dq = rotate(dq, turns[0], -turns[1]).flatten(1)
        d_kv = torch.cat([rotate(d_keys[:, 0], cos, -sin).flatten(1), d_keys[:, 1].flatten(1)], dim=1)
        d_asked = self.q.backward(dq, state.asked, state.q_low, inputs=stop != ATTENDING)
        d_normed = self.kv.backward(d_kv, state.normed, state.kv_low, inputs=stop != ATTENDING)
        if d_normed is None or d_asked is None:
            return None
        if not self.last:
            return self.norm.backward(d_normed.add_(d_asked), state.x, state.inverse).add_(d_middle)
        d_normed.index_add_(0, packed.labelled, d_asked)
        return self.norm.backward(d_normed, state.x, state.inverse).index_add_(0, packed.labelled, d_middle)

    def _attention_backward(self, dy: Tensor, state: LayerState, packed: Packed) -> tuple[Tensor, Tensor]:
        tokens, shared = state.x.size(0), packed.rows.shared
        if self.last:
            return self.attention.backward(dy, state.attention, packed.last, tokens=tokens)
        dq, d_keys = self.attention.backward(dy[shared:], state.attention, packed.rows, tokens=tokens)
        if packed.prefix is None or state.prefix is None:
            return dq, d_keys
        first, first_keys = self.attention.backward(dy[:shared], state.prefix, packed.prefix, tokens=shared)
        d_keys[:shared] += first_keys
        return torch.cat([first, dq]), d_keys
