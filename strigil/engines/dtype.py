"""The type that an engine computes in."""

from __future__ import annotations

from typing import Final

from strigil.engines.protocol import Dtype

# As torch names what a processor can: units that multiply in bfloat16, of x86 and of ARM, and in float16.
_UNITS: Final = {
    "bfloat16": ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"),
    "float16": ("avx512_fp16", "amx_fp16", "fp16_arith"),
}


def computed_in(asked: Dtype, stored: str) -> str:
    """What is asked for; "auto" is the type that the weights are stored in, where the machine multiplies in it.

    A processor without units for it converts the numbers of each product, which takes longer than float32: twice as
    long by transformers, and many times by vLLM.
    """
    if asked != "auto":
        return asked
    import torch

    if torch.cuda.is_available() or stored not in _UNITS:
        return stored
    able = torch.cpu.get_capabilities()
    return stored if any(able.get(unit, False) for unit in _UNITS[stored]) else "float32"
