"""Engines: how every other part of strigil reaches a model.

with open_engine("auto", resolve_model("pocket-a")) as engine:
    for completion in engine.generate(requests):
        ...
"""

from __future__ import annotations

from strigil.engines.choice import Ability, EngineChoice, LocalChoice, Opening
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
from strigil.engines.registry import AskedEngine, EngineName, engine_by_name, engine_names, engine_of, open_engine

__all__ = [
    "Ability",
    "Adapter",
    "AskedEngine",
    "Completion",
    "Dtype",
    "Engine",
    "EngineChoice",
    "EngineName",
    "FinishReason",
    "LocalChoice",
    "Opening",
    "Redraw",
    "Request",
    "Resampler",
    "Scorable",
    "TokenScores",
    "engine_by_name",
    "engine_names",
    "engine_of",
    "open_engine",
    "prepare_environment",
]
