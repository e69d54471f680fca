"""Engine `server`: OpenAI-compatible servers that hold the model, `vllm serve` above all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from strigil.engines.choice import Ability, EngineChoice, Needs, Opening

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine
    from strigil.models.catalog import Model

KEY_VARIABLE: Final = "STRIGIL_SERVER_KEY"


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


class ServerChoice(EngineChoice):
    """OpenAI-compatible servers that run the model, `vllm serve` above all.

    The model is on this machine too: its weights identify the rows, its tokenizer and chat template write the prompts.
    Where the servers are is not kept in manifests, which are published.
    """

    can: ClassVar[frozenset[Ability]] = frozenset({"adapters", "scores", "constraints", "seeds"})
    needs: ClassVar[Needs | None] = Needs(
        modules=("aiohttp", "transformers"),
        distributions=("transformers",),
        hint="pip install 'strigil[server]'",
    )

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

    def open(self, model: Model, opening: Opening) -> Engine:
        """As `EngineChoice.open`; a server has chosen its own type, and how much it computes together."""
        from strigil.engines.server.engine import ServerEngine

        return ServerEngine(model.path, self, name=model.id, max_model_len=opening.max_model_len)
