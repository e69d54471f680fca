"""What is said to a model and how its answers are drawn: chat messages and sampling parameters."""

from __future__ import annotations

import json
from typing import Annotated, ClassVar, Self, TypedDict

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from strigil.common.lean import Lean


class Message(TypedDict):
    """One turn of a chat."""

    role: str
    content: str


Messages = tuple[Message, ...]


def _compact_json(value: object) -> object:
    """A JSON schema as text, its keys in the order given: what the model writes has its properties in that order."""
    schema = json.loads(value) if isinstance(value, str) else value
    if schema is None:
        return None
    try:
        text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except TypeError as error:
        message = f"not JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(schema, dict):
        message = f"expected a mapping, found {text}"
        raise ValueError(message)  # noqa: TRY004  # pydantic reports ValueErrors only
    return text


class Sampling(Lean):
    """Every sampling parameter, explicit, so that no engine or generation config fills in its own.

    `regex` constrains the completion to full matches of a regular expression, `json_schema` to JSON that fits a schema;
    they change the distribution under study and are therefore part of what identifies a row. `seed` is the build's
    seed: engines receive one seed per request, derived from it and the row's indices, so that a row does not depend on
    which rows were sampled beside it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    newer: ClassVar[tuple[str, ...]] = ("json_schema",)

    temperature: float = Field(default=1.0, ge=0.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    top_k: int = Field(default=0, ge=0, description="0 keeps the whole vocabulary")
    min_p: float = Field(default=0.0, ge=0.0, le=1.0)
    repetition_penalty: float = Field(default=1.0, gt=0.0)
    max_tokens: int = Field(default=256, ge=1)
    regex: str | None = None
    json_schema: Annotated[
        str | None, BeforeValidator(_compact_json), WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "null"}]})
    ] = Field(default=None, description="a JSON schema, as a mapping")
    seed: int = 0

    @property
    def constraint(self) -> str | None:
        """What messages call the constraint; None without one."""
        if self.regex is not None:
            return f"the regex {self.regex!r}"
        return None if self.json_schema is None else f"the JSON schema {self.json_schema}"

    @model_validator(mode="after")
    def _one_constraint(self) -> Self:
        if self.regex is not None and self.json_schema is not None:
            message = "regex and json_schema exclude each other"
            raise ValueError(message)
        return self
