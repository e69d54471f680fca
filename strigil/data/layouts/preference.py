"""Layout `preference`: two answers to one prompt, of which somebody chose one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.turns import said_by, turns_in


class Preference(Layout):
    """`chosen` and `rejected`, texts or messages, and `prompt` or `conversations` unless the messages begin with it.

    The chosen answer is the completion; rules read the rejected one too.

    Source: https://huggingface.co/docs/trl/dataset_formats, "Preference"; for `conversations`, LLaMA-Factory's
    data/README.md.
    """

    name: ClassVar[str] = "preference"
    needs: ClassVar[tuple[str, ...]] = ("chosen", "rejected")
    takes: ClassVar[tuple[str, ...]] = ("prompt", "conversations")
    answers: ClassVar[str] = "chosen"
    example: ClassVar[Mapping[str, object]] = {"prompt": "Go on.", "chosen": "1, 2", "rejected": "no"}
    says: ClassVar[tuple[str, str]] = ("Go on.", "1, 2")

    @property
    def taken(self) -> str:
        """The three columns."""
        return "chosen as completion, rejected read by rules alone"

    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """The prompt and what was chosen."""
        return self._conversation("chosen", schema, source=source)

    def reads(self, schema: pl.Schema) -> frozenset[str]:
        """Chosen and rejected, and the prompt where no message can repeat it."""
        alone = not isinstance(schema["chosen"], pl.List)
        asked = self._asked(schema)
        return super().reads(schema) - {name for name in self.takes if name != asked or not alone}

    def others(self, schema: pl.Schema, *, source: str) -> dict[str, pl.Expr]:
        """The prompt and what was rejected."""
        return {"rejected": self._conversation("rejected", schema, source=source)}

    def _conversation(self, column: str, schema: pl.Schema, *, source: str) -> pl.Expr:
        answered = turns_in(column, schema[column], "assistant", source=source)
        prompt = self._asked(schema)
        asked = said_by("user", pl.lit(""))
        if prompt is not None:
            asked = turns_in(prompt, schema[prompt], "user", source=source)
        whole = answered.list.first().struct.field("role") != "assistant"
        return pl.when(whole).then(answered).otherwise(pl.concat_list(asked, answered))

    def _asked(self, schema: pl.Schema) -> str | None:
        return next((name for name in self.takes if name in schema), None)
