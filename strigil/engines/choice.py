"""One shape for engines: what a recipe may write about one, what it can, what it needs, and how it is opened.

An engine is a subclass in a file or folder of its own below `strigil.engines`, or in a package that an entry point of
`strigil.engines` names. Its module stays light: libraries are imported where it is opened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from strigil.engines.protocol import Dtype, Engine
from strigil.parallel.ray_cluster import Ray

if TYPE_CHECKING:
    from strigil.models.catalog import Model

Ability = Literal["adapters", "scores", "constraints", "resampling", "seeds"]
"""What not every engine can: LoRA adapters named by requests, `score`, regular expressions and JSON schemas,
`Resampler.resample`, and rows that depend on their own seed alone."""


def ignore(note: str) -> None:
    """For a caller that wants no notes."""


@dataclass(frozen=True)
class Opening:
    """What an engine is opened for; an engine passes over what it has no use for.

    Attributes:
        adapters: Whether requests may name LoRA adapters.
        max_lora_rank: Highest rank of these adapters.
        dtype: The type to compute in; `computed_in` says what "auto" is.
        max_model_len: Longest prompt with its completion, in tokens; None is the model's own context.
        batch_size: Sequences computed together; None leaves the engine's choice.
        threads: CPU threads while the engine is open; None leaves torch's setting.
        note: Told what a user wants to know while it works.
    """

    adapters: bool = False
    max_lora_rank: int = 16
    dtype: Dtype = "auto"
    max_model_len: int | None = None
    batch_size: int | None = None
    threads: int | None = None
    note: Callable[[str], None] = ignore


@dataclass(frozen=True)
class Needs:
    """What must be installed for an engine.

    Attributes:
        modules: What it imports.
        distributions: The packages of which any one brings it.
        hint: What to type where it is missing.
        program: Shows that it works; its last line of output is worth telling.
    """

    modules: tuple[str, ...]
    distributions: tuple[str, ...]
    hint: str
    program: str | None = None


class EngineChoice(BaseModel, ABC):
    """An engine as a recipe chooses it; fields are the keys below `engine:`, and no row's id depends on them.

    Attributes:
        name: A `Literal` of one name, which is the engine's.
        can: What it can besides generating.
        needs: What must be installed; None if nothing.
        preference: Its place among those that `auto` chooses from; None for one that is taken by name alone.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    can: ClassVar[frozenset[Ability]] = frozenset()
    needs: ClassVar[Needs | None] = None
    preference: ClassVar[int | None] = None

    @abstractmethod
    def open(self, model: Model, opening: Opening) -> Engine:
        """Loads the model; the engine is a context manager, which frees it.

        Raises:
            ConfigError: The engine cannot serve this model with these settings.
            PrerequisiteError: Something that it needs is not there.
            ImportError: A library is not installed.
        """

    @classmethod
    def installed(cls) -> bool:
        """Whether what it needs is there to be imported; imports nothing."""
        return cls.needs is None or all(find_spec(module) for module in cls.needs.modules)

    def chosen(self) -> EngineChoice:
        """The engine that this name stands for here: another one only for `auto`."""
        return self

    @property
    def gpus(self) -> int:
        """The GPUs that it must have at the least; 0 for an engine that does without."""
        return 0

    def merges_adapters(self) -> bool:
        """Whether it scores faster through adapters that are merged into the base than through adapters."""
        return False


class LocalChoice(EngineChoice):
    """An engine that holds the model itself: in this process, or on each actor of a Ray cluster."""

    ray: Ray | None = Field(default=None, description="run it on actors of a Ray cluster, instead of in this process")
