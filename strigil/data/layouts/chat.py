"""Layouts of one column with whole conversations."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.turns import said_by, turns_in

_SYSTEM = "system"


class Chat(Layout):
    """Lists of messages; a text in `system` beside them is the system message of conversations that have one."""

    takes: ClassVar[tuple[str, ...]] = (_SYSTEM,)

    @property
    def taken(self) -> str:
        """The column."""
        return f"the last turn of {self.answers} as completion, those before it as prompt"

    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """The conversation."""
        turns = turns_in(self.answers, schema[self.answers], "", source=source)
        if not self._told(schema):
            return turns
        told = pl.col(_SYSTEM).cast(pl.String)
        return pl.when(told.str.len_bytes() > 0).then(pl.concat_list(said_by(_SYSTEM, told), turns)).otherwise(turns)

    def reads(self, schema: pl.Schema) -> frozenset[str]:
        """The conversation, and its system message."""
        return super().reads(schema) - (frozenset() if self._told(schema) else {_SYSTEM})

    def _told(self, schema: pl.Schema) -> bool:
        """Whether there are system messages beside the conversations."""
        return schema.get(_SYSTEM) in (pl.String, pl.Categorical, pl.Enum)
