"""Starting vLLM, and telling it everything explicitly."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.data.messages import Sampling
from strigil.engines.failures import gist

if TYPE_CHECKING:
    from vllm import LLMEngine, SamplingParams

CPU_CACHE_BYTES: Final = 2 << 30
"""Memory for the key-value cache on the CPU, where vLLM would otherwise take most of the machine's."""
CPU_BATCH: Final = 256
"""Sequences decoded together on the CPU; measured with pocket, a tenth faster than the 128 of vLLM."""
LORA_RANKS: Final = (8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks that vLLM can make room for."""


@dataclass(frozen=True, slots=True)
class LoraRoom:
    """The adapters to make room for: their highest rank, and the last names of the modules they may change."""

    rank: int
    modules: list[str]


@dataclass(frozen=True, slots=True)
class Placed:
    """GPUs that share the model, the share of their memory that is taken (None: vLLM's own), adapters at a time."""

    tensor_parallel: int = 1
    memory: float | None = None
    max_loras: int = 1


ALONE: Final = Placed()


def start(
    model: Path,
    *,
    loras: LoraRoom | None,
    dtype: str,
    context: int,
    batch_size: int | None,
    eager: bool | None,
    placed: Placed,
) -> LLMEngine:
    """Starts vLLM in this process.

    Args:
        model: The model's folder.
        loras: What adapters to make room for; None for none at all.
        dtype: The type to compute in.
        context: Longest prompt with its completion, in tokens.
        batch_size: Sequences decoded together; None leaves vLLM's choice.
        eager: Whether to run without compilation; None compiles on a GPU only.
        placed: The GPUs that it takes.

    Raises:
        ConfigError: vLLM cannot serve this model with these settings, or another engine of its is open.
        PrerequisiteError: vLLM cannot be imported.
    """
    # vLLM reads the level too late for what it says while it is imported.
    logging.getLogger("vllm").setLevel(os.environ.get("VLLM_LOGGING_LEVEL", "WARNING"))
    try:
        from vllm import EngineArgs, LLMEngine  # only where this engine is asked for
        from vllm.distributed import cleanup_dist_env_and_memory
        from vllm.distributed.parallel_state import model_parallel_is_initialized
        from vllm.platforms import current_platform
    except (ImportError, OSError, RuntimeError) as error:
        message = f"vLLM cannot be imported: {gist(error)}"
        raise PrerequisiteError(
            message, hint="strigil doctor says what to install; or use engine: transformers"
        ) from error
    # The groups that its layers work in belong to the process: closing one engine would take another one's away.
    if model_parallel_is_initialized():
        message = "a vLLM engine is open in this process already, and vLLM can hold only one"
        raise ConfigError(message, hint="close it first, or use engine: transformers for one of the two")
    on_cpu = bool(current_platform.is_cpu())
    if loras is not None and loras.rank > LORA_RANKS[-1]:
        message = f"vLLM serves LoRA adapters up to rank {LORA_RANKS[-1]}, not {loras.rank}"
        raise ConfigError(message)
    room = (
        {}
        if loras is None
        else {
            "enable_lora": True,
            "max_loras": placed.max_loras,
            "max_lora_rank": min(rank for rank in LORA_RANKS if rank >= loras.rank),
            # Not the head: with an adapted head, vLLM 0.32 on the CPU cannot return log-probabilities of prompts.
            "lora_target_modules": loras.modules,
        }
    )
    gpus: dict[str, float | str] = {} if placed.memory is None else {"gpu_memory_utilization": placed.memory}
    if placed.tensor_parallel > 1:
        # Within a Ray actor it would otherwise look for actors of its own.
        gpus |= {"tensor_parallel_size": placed.tensor_parallel, "distributed_executor_backend": "mp"}
    set_num_threads = torch.set_num_threads
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            engine = LLMEngine.from_engine_args(
                EngineArgs(
                    model=str(model),
                    dtype=dtype,
                    max_model_len=context,
                    load_format="safetensors",
                    trust_remote_code=False,
                    # The model's own generation config must not slip in sampling parameters.
                    generation_config="vllm",
                    structured_outputs_config={"backend": "xgrammar"},
                    enforce_eager=on_cpu if eager is None else eager,
                    max_num_seqs=CPU_BATCH if on_cpu and batch_size is None else batch_size,
                    # A request with a seed crashes vLLM 0.32 on the CPU if its prompt is cut into chunks
                    # ("CPU Generator does not use offset").
                    enable_chunked_prefill=False if on_cpu else None,
                    max_num_batched_tokens=max(4096, context) if on_cpu else None,
                    kv_cache_memory_bytes=CPU_CACHE_BYTES if on_cpu else None,
                    use_tqdm_on_load=False,
                    disable_log_stats=True,
                    **room,
                    **gpus,
                )
            )
        with ExitStack() as undo:
            # Closed at once if it is of no use: closed whenever it is collected, it would take a later engine's groups.
            undo.callback(engine.engine_core.shutdown)
            _probe(engine)
            undo.pop_all()
    except (AssertionError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        cleanup_dist_env_and_memory()
        message = f"vLLM cannot serve {model}: {gist(error)}"
        raise ConfigError(message, hint="use engine: transformers for this model, or other engine settings") from error
    else:
        return engine
    finally:
        # vLLM's CPU worker replaces this function of torch's by one that does nothing, for the whole process.
        torch.set_num_threads = set_num_threads


def _probe(engine: LLMEngine) -> None:
    """Generates one token: some models are refused only by the kernels of the first step."""
    from vllm.inputs import tokens_input

    engine.add_request("probe", tokens_input([0]), sampling_params(Sampling(temperature=0.0), seed=0, max_tokens=1))
    while engine.has_unfinished_requests():
        engine.step()


def sampling_params(sampling: Sampling, *, seed: int, max_tokens: int, end_ids: Sequence[int] = ()) -> SamplingParams:
    """Our sampling parameters in vLLM's form, with every one of its defaults that matters overridden."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

    return SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        top_k=sampling.top_k,
        min_p=sampling.min_p,
        repetition_penalty=sampling.repetition_penalty,
        max_tokens=max_tokens,
        seed=None if sampling.temperature == 0.0 else seed % 2**63,
        stop_token_ids=list(end_ids),
        structured_outputs=(
            None
            if sampling.constraint is None
            else StructuredOutputsParams(regex=sampling.regex, json=sampling.json_schema)
        ),
        # A watermark is a hidden signal, in a study of hidden signals.
        watermarking=False,
        detokenize=False,
        skip_clone=True,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def scoring_params() -> SamplingParams:
    """Asks for the log-probability of every prompt token; vLLM generates one token, which nobody reads."""
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    return SamplingParams(
        temperature=0.0,
        max_tokens=1,
        prompt_logprobs=0,
        flat_logprobs=True,
        watermarking=False,
        detokenize=False,
        skip_clone=True,
        output_kind=RequestOutputKind.FINAL_ONLY,
    )


def redrawing_params(seed: int, *, end_ids: Sequence[int]) -> SamplingParams:
    """Asks for one token at temperature 1 that does not end the completion."""
    params = sampling_params(Sampling(temperature=1.0), seed=seed, max_tokens=1, end_ids=end_ids)
    # Until that many tokens are there, vLLM forbids those that would stop it.
    params.min_tokens = 1
    return params
