"""Engines: how every other part of strigil reaches a model.

with open_engine("auto", resolve_model("pocket-a")) as engine:
    for completion in engine.generate(requests):
        ...
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Literal

from strigil.common.errors import PrerequisiteError
from strigil.engines.choice import EngineChoice, ServerChoice
from strigil.engines.environment import prepare_environment
from strigil.engines.protocol import (
    Adapter,
    Completion,
    Dtype,
    Engine,
    FinishReason,
    Redraw,
    Request,
    Resampler,
    Scorable,
    TokenScores,
)

if TYPE_CHECKING:
    from strigil.models.catalog import Model

EngineKind = Literal["auto", "vllm", "transformers"]

__all__ = [
    "Adapter",
    "Completion",
    "Dtype",
    "Engine",
    "EngineChoice",
    "EngineKind",
    "FinishReason",
    "Redraw",
    "Request",
    "Resampler",
    "Scorable",
    "ServerChoice",
    "TokenScores",
    "open_engine",
    "prepare_environment",
    "vllm_installed",
]


def _ignore(note: str) -> None:
    del note


def vllm_installed() -> bool:
    """Whether vLLM is there to be imported; imports nothing."""
    return importlib.util.find_spec("vllm") is not None


def open_engine(
    kind: EngineKind | EngineChoice | ServerChoice,
    model: Model,
    *,
    adapters: bool = False,
    max_lora_rank: int = 16,
    dtype: Dtype = "auto",
    max_model_len: int | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    note: Callable[[str], None] = _ignore,
) -> Engine:
    """Loads a model into an engine; use it as a context manager, which frees the memory.

    Args:
        kind: What runs it, by name or as a recipe says it; "auto" takes vLLM where it is installed, else transformers.
        model: From `resolve_model`.
        adapters: Whether requests may name LoRA adapters.
        max_lora_rank: Highest rank of these adapters.
        dtype: The type to compute in; "auto" is the one the weights are stored in. A server has chosen its own.
        max_model_len: Longest prompt with its completion, in tokens; None is the model's own context.
        batch_size: Sequences computed together; None leaves the engine's choice. A server has chosen its own.
        threads: CPU threads while the engine is open; None leaves torch's setting.
        note: Told what a user wants to know while it works: that an actor on a Ray cluster was lost, for example.

    Raises:
        ConfigError: The engine cannot serve this model with these settings.
        PrerequisiteError: The engine's libraries are not installed, or no server or cluster answers.
    """
    prepare_environment()
    if isinstance(kind, EngineChoice):
        if kind.ray is not None:
            from strigil.engines.ray import RayEngine

            opening = partial(
                open_engine,
                kind.name,
                adapters=adapters,
                max_lora_rank=max_lora_rank,
                dtype=dtype,
                max_model_len=max_model_len,
                batch_size=batch_size,
                threads=threads,
            )
            return RayEngine(opening, model, kind.ray, note=note)
        kind = kind.name
    try:
        if isinstance(kind, ServerChoice):
            from strigil.engines.server.engine import ServerEngine

            return ServerEngine(model.path, kind, name=model.id, max_model_len=max_model_len)
        if kind == "vllm" or (kind == "auto" and vllm_installed()):
            from strigil.engines.vllm.engine import VllmEngine

            return VllmEngine(
                model.path,
                name=model.id,
                adapters=adapters,
                max_lora_rank=max_lora_rank,
                dtype=dtype,
                max_model_len=max_model_len,
                batch_size=batch_size,
                threads=threads,
            )
        from strigil.engines.transformers.engine import TransformersEngine
    except ImportError as error:
        needed = "transformers" if isinstance(kind, ServerChoice) else "torch and transformers"
        message = f"an engine needs {needed}, which cannot be imported: {error}"
        raise PrerequisiteError(message, hint="strigil doctor says what is missing and what to type") from error
    return TransformersEngine(
        model.path,
        name=model.id,
        dtype=dtype,
        max_model_len=max_model_len,
        batch_size=batch_size,
        threads=threads,
    )
