"""What a recipe says about its engine; no row's id depends on it."""

from __future__ import annotations

import difflib
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from strigil.parallel.ray_actors import Ray

KEY_VARIABLE: Final = "STRIGIL_SERVER_KEY"
Here = Literal["auto", "vllm", "transformers"]
NAMES: Final = (*get_args(Here), "server")
PROBLEM: Final = "engine"
ENGINES: Final = (
    "engines: auto, vllm, transformers, server (with urls); on a Ray cluster: {name: vllm, ray: {actors: 2}}"
)


def _address(url: str) -> str:
    """A base URL without a slash at its end.

    Raises:
        ValueError: Not an HTTP address, or one with a secret in it, which would end up where the recipe goes.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        message = f"{url!r} is not an address such as http://127.0.0.1:8000/v1"
        raise ValueError(message)
    if parts.username or parts.password or parts.query or parts.fragment:
        message = "an address holds no name, password or query; a key comes from the environment"
        raise ValueError(message)
    return url.rstrip("/")


class EngineChoice(BaseModel):
    """What runs the model here: `auto` takes vLLM where it can be imported, and transformers otherwise."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Here = "auto"
    ray: Ray | None = Field(default=None, description="run it on actors of a Ray cluster, instead of in this process")


class ServerChoice(BaseModel):
    """OpenAI-compatible servers that run the model, `vllm serve` above all.

    The model is on this machine too: its weights identify the rows, its tokenizer and chat template write the prompts.
    Where the servers are is not kept in manifests, which are published.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["server"]
    urls: tuple[Annotated[str, AfterValidator(_address)], ...] = Field(
        min_length=1, exclude=True, description="base URLs, such as http://127.0.0.1:8000/v1"
    )
    model: str | None = Field(default=None, description="what the servers call the base; its own name if not given")
    concurrency: int = Field(default=64, ge=1, description="requests under way at a time, for each URL")
    timeout: float = Field(default=300.0, gt=0.0, description="seconds that one answer may take")
    retries: int = Field(
        default=8, ge=0, description="how often a request is sent again, or a server looked for, before the run ends"
    )
    key_variable: str = Field(
        default=KEY_VARIABLE, min_length=1, description="the environment variable that holds the servers' API key"
    )


def _known(value: object) -> object:
    """What a recipe says about its engine, once it names one that exists; the error lists them all."""
    if isinstance(value, EngineChoice | ServerChoice):
        return value
    if not isinstance(value, dict):
        name = value if value in NAMES else "vllm"
        raise PydanticCustomError(PROBLEM, "an engine is a mapping: write {it}", {"it": f"{{name: {name}, ...}}"})
    name = value.get("name", "auto")
    if name in NAMES:
        return value
    near = difflib.get_close_matches(str(name), NAMES, n=1)
    told = {"name": repr(name), "near": f", did you mean {near[0]!r}?" if near else ";", "engines": ENGINES}
    raise PydanticCustomError(PROBLEM, "unknown name {name}{near} {engines}", told)


def _kind(value: object) -> str:
    """Without a name it runs here: pydantic's own discriminator would ask for one."""
    served = isinstance(value, ServerChoice) or (
        isinstance(value, dict) and value.get("name", "server" if "urls" in value else "auto") == "server"
    )
    return "server" if served else "here"


AnyEngineChoice = Annotated[
    Annotated[EngineChoice, Tag("here")] | Annotated[ServerChoice, Tag("server")],
    Discriminator(_kind),
    BeforeValidator(_known),
]
