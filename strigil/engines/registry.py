"""Every engine there is, by name: those of strigil, and those of other packages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, TypeAlias, get_args

from pydantic import AfterValidator

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.registry import Registry
from strigil.engines.choice import EngineChoice, LocalChoice, Opening, ignore
from strigil.engines.environment import prepare_environment
from strigil.engines.protocol import Dtype, Engine

if TYPE_CHECKING:
    from strigil.models.catalog import Model


def name_of(choice: type[EngineChoice]) -> str | None:
    """The engine's name; None for a class that several engines share."""
    names: tuple[str, ...] = get_args(choice.model_fields["name"].annotation)
    return names[0] if names else None


ENGINES: Registry[EngineChoice] = Registry(
    "engine",
    base=EngineChoice,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.engines",
    group="strigil.engines",
    name_of=name_of,
)


def engine_choices() -> dict[str, type[EngineChoice]]:
    """Every engine by name; those that `auto` chooses from come before those that are taken by name alone."""
    found = {name: ENGINES.get(name) for name in ENGINES.names()}
    last = len(found)
    return dict(sorted(found.items(), key=lambda item: last if item[1].preference is None else item[1].preference))


def further_keys(choice: type[EngineChoice]) -> list[str]:
    """The keys that an engine wants besides its name."""
    return [key for key, field in choice.model_fields.items() if field.is_required() and key != "name"]


def engine_names() -> list[str]:
    """The engines that a name alone says enough about."""
    return [name for name, choice in engine_choices().items() if not further_keys(choice)]


def engine_by_name(name: str) -> EngineChoice:
    """An engine with its defaults.

    Raises:
        ConfigError: There is none of this name, or it wants more than a name.
    """
    choice = ENGINES.get(name)
    if wanted := further_keys(choice):
        message = f"the engine {name!r} wants {', '.join(wanted)} as well, which only a recipe can say"
        raise ConfigError(message, hint=f"by name alone there are: {', '.join(engine_names())}")
    return choice(name=name)


def _known(name: str) -> str:
    try:
        return engine_by_name(name).name
    except ConfigError as error:
        message = f"{error.message}; {error.hint}"
        raise ValueError(message) from error


EngineName = Annotated[str, AfterValidator(_known)]
"""The name of an engine that wants nothing else."""
AskedEngine: TypeAlias = EngineName | EngineChoice
"""An engine by its name, or as a recipe says it."""


def engine_of(asked: AskedEngine) -> EngineChoice:
    """The engine that is meant; raises as `engine_by_name` does."""
    return engine_by_name(asked) if isinstance(asked, str) else asked


def open_engine(
    engine: AskedEngine,
    model: Model,
    *,
    adapters: bool = False,
    max_lora_rank: int = 16,
    dtype: Dtype = "auto",
    max_model_len: int | None = None,
    batch_size: int | None = None,
    threads: int | None = None,
    note: Callable[[str], None] = ignore,
) -> Engine:
    """Loads a model into an engine; use it as a context manager, which frees the memory.

    Args:
        engine: What runs it, by name or as a recipe says it.
        model: From `resolve_model`.
        adapters: As the other arguments, in `Opening`.
        max_lora_rank: See there.
        dtype: See there.
        max_model_len: See there.
        batch_size: See there.
        threads: See there.
        note: See there.

    Raises:
        ConfigError: The engine cannot serve this model with these settings.
        PrerequisiteError: The engine's libraries are not installed, or no server or cluster answers.
    """
    opening = Opening(adapters, max_lora_rank, dtype, max_model_len, batch_size, threads, note)
    choice = engine_of(engine)
    if isinstance(choice, LocalChoice) and choice.ray is not None:
        from strigil.engines.ray import RayEngine

        here = choice.model_copy(update={"ray": None})
        if choice.ray.gpus < (gpus := choice.chosen().gpus):
            message = f"an actor has {choice.ray.gpus:g} GPUs, and its engine shares the model out to {gpus}"
            raise ConfigError(message, hint=f"ray: {{actors: {choice.ray.actors}, gpus: {gpus}}}")
        return RayEngine(partial(_open, here, replace(opening, note=ignore)), model, choice.ray, note=note)
    return _open(choice, opening, model)


def _open(choice: EngineChoice, opening: Opening, model: Model) -> Engine:
    prepare_environment()
    chosen = choice.chosen()
    if opening.adapters and "adapters" not in chosen.can:
        able = [name for name, other in engine_choices().items() if "adapters" in other.can]
        message = f"the engine {chosen.name} has no adapters"
        raise ConfigError(message, hint=f"engines that have: {', '.join(able)}")
    try:
        return chosen.open(model, opening)
    except ImportError as error:
        needed = " and ".join(chosen.needs.modules) if chosen.needs else "something"
        message = f"the engine {chosen.name} needs {needed}, which cannot be imported: {error}"
        raise PrerequisiteError(message, hint="strigil doctor says what is missing and what to type") from error
