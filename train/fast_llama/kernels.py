"""Forward and backward of a decoder's parts, written out for frozen weights.

Automatic differentiation keeps and copies what a frozen model does not need: PEFT casts every input to the adapter's
float32, attention on a CPU recomputes itself slowly, and each step of a norm is a tensor of its own. Here a part saves
what its backward reads, and nothing else. Rows lie one after another without padding: activations are (tokens, width).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strigil.train.fast_llama.packing import Attended

HEAD_POSITIONS: Final = 256


@dataclass(frozen=True)
class LoraBlock:
    """The adapter of one module, within the fused matrix of several.

    Attributes:
        first: First output of the module.
        a, b: Its matrices, (rank, inputs) and (outputs, rank), float32: views of the trained vector.
        grad_a, grad_b: Their gradients.
    """

    first: int
    a: Tensor
    b: Tensor
    grad_a: Tensor
    grad_b: Tensor


class FusedLinear:
    """Linear modules that read the same input, as one matrix, with the adapters that some of them have.

    y = x Wᵀ + bias + scale · (x Aᵀ) Bᵀ, where A holds the modules' A one above the other, and B theirs on its diagonal
    (Hu et al. 2021, arXiv 2106.09685, section 4.1).
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, blocks: Sequence[LoraBlock], *, scale: float) -> None:
        self.weight, self.bias, self.blocks, self._scale = weight, bias, blocks, scale
        self.rank = sum(block.a.size(0) for block in blocks)
        self._a = weight.new_zeros(self.rank, weight.size(1))
        self._b = weight.new_zeros(weight.size(0), self.rank)

    def refresh(self) -> None:
        """Takes over the adapters' weights, in the type that the base computes in."""
        rank = 0
        for block in self.blocks:
            ranks, outputs = slice(rank, rank + block.a.size(0)), slice(block.first, block.first + block.b.size(0))
            self._a[ranks] = block.a
            self._b[outputs, ranks] = block.b * self._scale
            rank = ranks.stop

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        """The outputs, and x Aᵀ for the backward."""
        y = functional.linear(x, self.weight, self.bias)
        if not self.blocks:
            return y, None
        low = x @ self._a.T
        return y.addmm_(low, self._b.T), low

    def backward(self, dy: Tensor, x: Tensor, low: Tensor | None, *, inputs: bool) -> Tensor | None:
        """Adds the adapters' gradients to theirs; the gradient of x where `inputs` says that somebody reads it."""
        dx = dy @ self.weight if inputs else None
        if low is None:
            return dx
        d_low = dy @ self._b
        d_a, d_b = d_low.T @ x, dy.T @ low
        rank = 0
        for block in self.blocks:
            ranks, outputs = slice(rank, rank + block.a.size(0)), slice(block.first, block.first + block.b.size(0))
            block.grad_a.add_(d_a[ranks])
            block.grad_b.add_(d_b[outputs, ranks], alpha=self._scale)
            rank = ranks.stop
        return None if dx is None else dx.addmm_(d_low, self._a)


@dataclass(frozen=True)
class RmsNorm:
    """Root mean square norm with a frozen weight (Zhang and Sennrich 2019, arXiv 1910.07467)."""

    weight: Tensor
    epsilon: float

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The normed input, and 1 / root mean square of every token, float32."""
        inverse = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + self.epsilon)
        return (x * inverse).to(x.dtype) * self.weight, inverse

    def backward(self, dy: Tensor, x: Tensor, inverse: Tensor) -> Tensor:
        """Gradient of x."""
        normed = x * inverse
        dn = (dy * self.weight).float()
        mean = (dn * normed).mean(-1, keepdim=True)
        return torch.addcmul(dn, normed, mean, value=-1).mul_(inverse).to(x.dtype)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions: x is (tokens, heads, width), cos and sin are (tokens, 1, width / 2); -sin turns back."""
    half = cos.size(-1)
    first, second = x[..., :half], x[..., half:]
    turned = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    torch.mul(first, cos, out=turned[..., :half]).addcmul_(second, sin, value=-1)
    torch.mul(second, cos, out=turned[..., half:]).addcmul_(first, sin)
    return turned


def gated(both: Tensor) -> Tensor:
    """silu(gate) · up, where gate and up are the halves of `both`."""
    gate, up = both.chunk(2, dim=-1)
    return functional.silu(gate).mul_(up)


def gated_backward(dy: Tensor, both: Tensor) -> Tensor:
    """Gradient of `both`."""
    gate, up = both.chunk(2, dim=-1)
    d_both = torch.empty_like(both)
    d_gate, d_up = d_both.chunk(2, dim=-1)
    torch.mul(dy, functional.silu(gate), out=d_up)
    torch.ops.aten.silu_backward.grad_input(dy * up, gate, grad_input=d_gate)
    return d_both


@dataclass(frozen=True)
class AttentionState:
    """What attention's backward reads: padded queries, keys, values and probabilities, (rows x key heads, …)."""

    q: Tensor
    k: Tensor
    v: Tensor
    p: Tensor


@dataclass(frozen=True)
class Attention:
    """Causal attention of padded rows; query heads that share a key head are stacked as further queries of it."""

    heads: int
    key_heads: int
    width: int

    @property
    def _group(self) -> int:
        return self.heads // self.key_heads

    def forward(self, q: Tensor, k: Tensor, v: Tensor, at: Attended) -> tuple[Tensor, AttentionState]:
        """Args: q (queries, heads, width), k and v (tokens, key heads, width), and who reads whom.

        Returns (queries, heads * width) in the order of q.
        """
        rows, length = at.queries.shape
        padded_q = self._queries(q.flatten(1).index_select(0, at.queries.flatten()), rows)
        padded_k, padded_v = (self._keys(x, at) for x in (k, v))
        scores = torch.bmm(padded_q, padded_k.mT).mul_(1 / math.sqrt(self.width))
        by_query = scores.view(rows, self.key_heads, self._group, length, at.keys.size(1))
        by_query += at.mask[:, None, None]
        p = scores.softmax(-1)
        out = torch.bmm(p, padded_v).view(rows, self.key_heads, self._group, length, self.width)
        flat = out.permute(0, 3, 1, 2, 4).reshape(rows * length, -1)
        return flat.index_select(0, at.back), AttentionState(padded_q, padded_k, padded_v, p)

    def backward(self, dy: Tensor, state: AttentionState, at: Attended, *, tokens: int) -> tuple[Tensor, Tensor]:
        """Gradients of q (queries, heads, width), and of k and v together (tokens, 2, key heads, width)."""
        rows, length = at.queries.shape
        padded = dy.new_zeros(rows * length, dy.size(1)).index_copy_(0, at.back, dy)
        d_out = self._queries(padded, rows)
        dv = torch.bmm(state.p.mT, d_out)
        dp = torch.bmm(d_out, state.v.mT)
        ds = torch._softmax_backward_data(dp, state.p, -1, dp.dtype).mul_(1 / math.sqrt(self.width))
        dq = torch.bmm(ds, state.k).view(rows, self.key_heads, self._group, length, self.width)
        flat = dq.permute(0, 3, 1, 2, 4).reshape(rows * length, -1).index_select(0, at.back)
        dk = torch.bmm(ds.mT, state.q)
        shape = (rows, self.key_heads, at.keys.size(1), self.width)
        d_keys = torch.stack([dk.view(shape), dv.view(shape)], dim=1).permute(0, 3, 1, 2, 4).contiguous()
        return flat.view(-1, self.heads, self.width), at.to_tokens(d_keys, tokens)

    def _queries(self, flat: Tensor, rows: int) -> Tensor:
        split = flat.view(rows, -1, self.key_heads, self._group, self.width)
        return split.permute(0, 2, 3, 1, 4).reshape(rows * self.key_heads, -1, self.width)

    def _keys(self, x: Tensor, at: Attended) -> Tensor:
        rows, length = at.keys.shape
        padded = x.flatten(1).index_select(0, at.keys.flatten())
        split = padded.view(rows, length, self.key_heads, self.width)
        return split.transpose(1, 2).reshape(rows * self.key_heads, length, self.width)


def head_loss(x: Tensor, weight: Tensor, labels: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
    """Sum of factor · negative log-likelihood (nats), and its gradient at x.

    Logits are made for a few positions at a time, and never exist for all of them.

    Args:
        x: (labels, width) inputs of the output layer.
        weight: (words, width).
        labels: (labels,) words to predict.
        factors: (labels,) float32.
    """
    total = torch.zeros((), device=x.device)
    dx = torch.empty_like(x)
    for start in range(0, x.size(0), HEAD_POSITIONS):
        part = slice(start, start + HEAD_POSITIONS)
        logs = functional.linear(x[part], weight).float().log_softmax(-1)
        at_label = labels[part, None]
        total -= (logs.gather(1, at_label)[:, 0] * factors[part]).sum()
        d_logits = logs.exp_().scatter_add_(1, at_label, at_label.new_full(at_label.shape, -1).float())
        dx[part] = (d_logits.mul_(factors[part, None])).to(x.dtype) @ weight
    return total, dx
