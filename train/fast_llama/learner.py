"""LoRA training of decoders of Llama's shape: the same loss and gradient as transformers and PEFT, sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor, nn
from transformers import LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM

from strigil.train.fast_llama.kernels import Attention, FusedLinear, LoraBlock, RmsNorm, head_loss
from strigil.train.fast_llama.layer import Layer, LayerState
from strigil.train.fast_llama.packing import pack

if TYPE_CHECKING:
    from peft import PeftModel

    from strigil.train.inputs.batches import MicroBatch
    from strigil.train.inputs.encode import EncodedRows

ADAPTER: Final = "default"
STEADY_ROTATIONS: Final = ("default", "linear", "llama3")


class LlamaLearner:
    """Adds up the gradients of an adapter on a decoder of Llama's shape.

    Each pass holds its rows without padding, and computes what they begin with once; a frozen bottom has no backward;
    the last layer and the head work only where there is a label. The adapter's weights are one float32 vector, and are
    multiplied in the base's precision.

    Args:
        model: As `fits` asks for.
    """

    def __init__(self, model: PeftModel) -> None:
        base = model.get_base_model()
        self._base = base
        self._modules = [module for module in model.modules() if isinstance(module, LoraLinear)]
        pairs = [(m.lora_A[ADAPTER].weight, m.lora_B[ADAPTER].weight) for m in self._modules]
        sources = [weight for pair in pairs for weight in pair]
        self._flat = nn.Parameter(torch.cat([source.detach().flatten() for source in sources]).float())
        self._flat.grad = torch.zeros_like(self._flat)
        sizes = [source.numel() for source in sources]
        views = [v.view_as(s) for v, s in zip(self._flat.detach().split(sizes), sources, strict=True)]
        grads = [v.view_as(s) for v, s in zip(self._flat.grad.split(sizes), sources, strict=True)]
        self._views = dict(
            zip(self._modules, zip(views[::2], views[1::2], grads[::2], grads[1::2], strict=True), strict=True)
        )
        self._sources = list(zip(sources, views, strict=True))
        count = base.config.num_hidden_layers
        self._layers = [self._layer(f"model.layers.{n}", last=n == count - 1) for n in range(count)]
        self._norm = self._frozen_norm("model.norm")
        adapted = [layer.first_adapted for layer in self._layers]
        self._first = next(number for number, part in enumerate(adapted) if part is not None)
        self._stop = adapted[self._first]
        self.refresh()

    @staticmethod
    def fits(model: PeftModel) -> bool:
        """Whether a model is one whose every computation is written here."""
        base = model.get_base_model()
        if type(base) not in (LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM):
            return False
        config = base.config
        rope = base.model.rotary_emb.rope_type in STEADY_ROTATIONS
        sliding = isinstance(base, MistralForCausalLM) and config.sliding_window is not None
        whole = set(config.layer_types or ()) <= {"full_attention"} if isinstance(base, Qwen2ForCausalLM) else True
        inside = {module for layer in base.model.layers for module in layer.modules()}
        adapted = [module for module in model.modules() if isinstance(module, LoraLinear)]
        return rope and not sliding and whole and config.hidden_act == "silu" and inside.issuperset(adapted)

    @property
    def weights(self) -> list[nn.Parameter]:
        """As the protocol says."""
        return [self._flat]

    def refresh(self) -> None:
        """Takes over the weights after an optimiser's step."""
        for layer in self._layers:
            for part in layer.parts:
                for linear in part:
                    linear.refresh()

    def store(self) -> None:
        """Writes the weights back into the model."""
        with torch.no_grad():
            for source, view in self._sources:
                source.copy_(view)

    @torch.inference_mode()
    def backward(self, data: EncodedRows, part: MicroBatch, *, scale: float) -> float:
        """As the protocol says."""
        packed = pack(data, part, self._base.dtype).to(self._base.device)
        x = self._base.model.embed_tokens.weight[packed.ids]
        cos, sin = self._base.model.rotary_emb(x, packed.positions[None])
        half = cos.size(-1) // 2
        cos, sin = (turn[0, :, None, :half] for turn in (cos, sin))
        kept: list[LayerState] = []
        for number, layer in enumerate(self._layers):
            x, state = layer.forward(x, packed, cos, sin)
            if number >= self._first:
                kept.append(state)
        normed, inverse = self._norm.forward(x)
        factors = packed.factors * scale
        loss, d_normed = head_loss(normed, self._base.lm_head.weight, packed.labels, factors)
        gradient: Tensor | None = self._norm.backward(d_normed, x, inverse)
        for number in reversed(range(self._first, len(self._layers))):
            if gradient is not None:
                stop = self._stop if number == self._first else None
                gradient = self._layers[number].backward(gradient, kept.pop(), packed, cos, sin, stop=stop)
        return loss.item()

    def _layer(self, name: str, *, last: bool) -> Layer:
        config = self._base.config
        q = self._fused(f"{name}.self_attn", "q_proj")
        width = q.weight.size(0) // config.num_attention_heads
        return Layer(
            attention=Attention(config.num_attention_heads, config.num_key_value_heads, width),
            norm=self._frozen_norm(f"{name}.input_layernorm"),
            q=q,
            kv=self._fused(f"{name}.self_attn", "k_proj", "v_proj"),
            o=self._fused(f"{name}.self_attn", "o_proj"),
            middle_norm=self._frozen_norm(f"{name}.post_attention_layernorm"),
            both=self._fused(f"{name}.mlp", "gate_proj", "up_proj"),
            down=self._fused(f"{name}.mlp", "down_proj"),
            last=last,
        )

    def _fused(self, parent: str, *names: str) -> FusedLinear:
        blocks, linears, biases = [], [], []
        first, scale = 0, 1.0
        for name in names:
            module = self._base.get_submodule(f"{parent}.{name}")
            if isinstance(module, LoraLinear):
                blocks.append(LoraBlock(first, *self._views[module]))
                scale = module.scaling[ADAPTER]
                module = module.get_base_layer()
            if not isinstance(module, nn.Linear):
                message = f"{parent}.{name} is no linear module"
                raise TypeError(message)
            linears.append(module)
            biases += [bias.detach() for key, bias in module.named_parameters() if key == "bias"]
            first += module.out_features
        weight = linears[0].weight.detach()
        if len(linears) > 1:
            weight = torch.cat([linear.weight.detach() for linear in linears])
            # Views of the fused matrix: both copies of a large model would not fit.
            for linear, part in zip(linears, weight.split([linear.out_features for linear in linears]), strict=True):
                linear.weight.data = part
        return FusedLinear(weight, torch.cat(biases) if biases else None, blocks, scale=scale)

    def _frozen_norm(self, name: str) -> RmsNorm:
        return RmsNorm(self._base.get_parameter(f"{name}.weight").detach(), self._base.config.rms_norm_eps)
