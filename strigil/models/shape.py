"""How large a model is, from its configuration: what a plan needs to know of one, weights or no weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, RootModel, ValidationError

from strigil.common.errors import PrerequisiteError
from strigil.common.validation import packaged_yaml, read_json_object
from strigil.models.catalog import Model, model_at_hand

_BYTES: Final = {"float32": 4, "bfloat16": 2, "float16": 2}


class Shape(BaseModel):
    """A decoder's sizes, by the names of config.json; older models have other names for the same."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hidden_size: int = Field(validation_alias=AliasChoices("hidden_size", "n_embd"))
    intermediate_size: int | None = Field(default=None, validation_alias=AliasChoices("intermediate_size", "n_inner"))
    num_hidden_layers: int = Field(validation_alias=AliasChoices("num_hidden_layers", "n_layer"))
    num_attention_heads: int = Field(validation_alias=AliasChoices("num_attention_heads", "n_head"))
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    vocab_size: int
    tie_word_embeddings: bool = True
    dtype: str = Field(default="float32", validation_alias=AliasChoices("dtype", "torch_dtype"))

    @property
    def inner(self) -> int:
        """Width of the feed-forward part; four times the model's where it is not said."""
        return self.intermediate_size or 4 * self.hidden_size

    @property
    def cache_width(self) -> int:
        """Numbers that the key-value cache holds for one token."""
        return 2 * self.num_hidden_layers * self._keys

    @property
    def parameters(self) -> int:
        """Weights: embeddings, and in each layer attention and a gated feed-forward part; norms are left out."""
        queries = self.num_attention_heads * self._head
        attention = 2 * self.hidden_size * (queries + self._keys)
        tables = self.vocab_size * self.hidden_size * (1 if self.tie_word_embeddings else 2)
        return tables + self.num_hidden_layers * (attention + 3 * self.hidden_size * self.inner)

    @property
    def weight_bytes(self) -> int:
        """Of one weight as it is stored."""
        return _BYTES.get(self.dtype, 4)

    def adapter_parameters(self, rank: int, modules: Sequence[str]) -> int:
        """Weights of a LoRA adapter of these of the linear modules (Hu et al. 2021, arXiv 2106.09685, section 4.1)."""
        hidden, queries = self.hidden_size, self.num_attention_heads * self._head
        sides = {
            "q_proj": hidden + queries,
            "k_proj": hidden + self._keys,
            "v_proj": hidden + self._keys,
            "o_proj": queries + hidden,
        }
        return self.num_hidden_layers * rank * sum(sides.get(module, hidden + self.inner) for module in modules)

    @property
    def _head(self) -> int:
        return self.head_dim or self.hidden_size // self.num_attention_heads

    @property
    def _keys(self) -> int:
        return (self.num_key_value_heads or self.num_attention_heads) * self._head


class _Shapes(RootModel[dict[str, Shape]]):
    """By Hub id."""


def known_shapes() -> dict[str, Shape]:
    """Those of models that need not be here."""
    return packaged_yaml("strigil.models", "shapes.yaml", _Shapes).root


@cache
def shape_of(model: Model) -> Shape:
    """A model's shape: of its folder, or for one that is not on this machine as strigil knows it.

    Raises:
        PrerequisiteError: Its configuration is not here, or does not say how large it is.
    """
    if not (model.path / "config.json").is_file():
        return known_shapes()[model.id]
    config = read_json_object(model.path / "config.json")
    inner = config.get("text_config")
    # What a model of text and images says of both stands outside of the part that is about text.
    written = {**config, **inner} if isinstance(inner, dict) else config
    try:
        return Shape.model_validate(written)
    except ValidationError as error:
        message = f"{model.path}/config.json does not say how large {model.id} is: {error.errors()[0]['loc'][0]}"
        raise PrerequisiteError(message, hint="strigil study plan --time measures instead") from error


def is_here(model: Model) -> bool:
    """Whether its weights are on this machine."""
    return any(model.path.glob("*.safetensors"))


def find_for_plan(name: str) -> Model:
    """A model to plan with: as `resolve_model`, but of one that is not here the configuration is enough.

    What stands for it has a digest of its own, so that none of a study's cells is found with it.

    Raises:
        ConfigError: There is no such model.
        PrerequisiteError: It is not here, and nothing can be learnt of it.
    """
    if (model := model_at_hand(name)) is not None:
        return model
    if name in known_shapes():
        return Model(name, Path(name), None, f"not here: {name}")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of its HTTP library, whichever it is
        HfHubHTTPError,
        HTTPError,
        LocalEntryNotFoundError,
    )

    try:
        config = Path(hf_hub_download(name, "config.json"))
    except (HfHubHTTPError, HTTPError, LocalEntryNotFoundError, OSError) as error:
        message = f"{name} is not on this machine, and its config.json cannot be fetched from the Hub"
        raise PrerequisiteError(message, hint="plan on a machine that has the model") from error
    return Model(name, config.parent, config.parent.name, f"not here: {name}")
