"""The key `engine` of recipes: any of the engines there are, those of other packages included.

Imported where recipes are, and by no engine: it asks the registry for all of them.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic_core import PydanticCustomError

from strigil.engines.auto import AUTO
from strigil.engines.choice import EngineChoice
from strigil.engines.registry import engine_choices, further_keys

PROBLEM: Final = "engine"
Choices: TypeAlias = Mapping[str, type[EngineChoice]]


def _known(value: object, choices: Choices) -> object:
    """What a recipe says about its engine, once it names one that may stand here; the error lists them all."""
    if isinstance(value, EngineChoice):
        return value
    if not isinstance(value, dict):
        name = value if isinstance(value, str) and value in choices else "vllm"
        raise PydanticCustomError(PROBLEM, "an engine is a mapping: write {it}", {"it": f"{{name: {name}, ...}}"})
    name = value.get("name", AUTO)
    if name in choices:
        return value
    near = difflib.get_close_matches(str(name), choices, n=1)
    each = (f"{name} (with {', '.join(keys)})" if (keys := further_keys(it)) else name for name, it in choices.items())
    told = f"{name!r}{f', did you mean {near[0]!r}?' if near else ';'} engines: {', '.join(each)}"
    ray = "on a Ray cluster: {name: vllm, ray: {actors: 2}}"
    raise PydanticCustomError(PROBLEM, "unknown name {told}; {ray}", {"told": told, "ray": ray})


def _tag(value: object, choices: Choices) -> str:
    """The engine's name; without one it is `auto`, unless only another engine has one of the keys."""
    if isinstance(value, EngineChoice):
        return value.name
    keys = value if isinstance(value, dict) else {}
    foreign = set(keys) - set(choices[AUTO].model_fields)
    owners = [name for name, choice in choices.items() if foreign & set(choice.model_fields)]
    return str(keys.get("name", owners[0] if owners else AUTO))


if TYPE_CHECKING:
    AnyEngine: TypeAlias = EngineChoice
else:

    def _one_of(choices: Choices) -> object:
        tagged = (Annotated[choice, Tag(name)] for name, choice in choices.items())
        tag, known = Discriminator(lambda it: _tag(it, choices)), BeforeValidator(lambda it: _known(it, choices))
        return Annotated[reduce(or_, tagged), tag, known]

    AnyEngine = _one_of(engine_choices())
