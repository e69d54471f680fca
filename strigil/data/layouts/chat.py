"""Layouts of one column with whole conversations."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.layouts.writing import written
from strigil.data.turns import said_by, turns_in

_SYSTEM = "system"


class Chat(Layout):
    """Lists of messages; a column `system` beside them is the system message of conversations that have one.

    Attributes:
        holds: The column of conversations.
    """

    holds: ClassVar[str]

    @property
    def taken(self) -> str:
        """The column."""
        return f"the last turn of {self.holds} as completion, those before it as prompt"

    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """The conversation."""
        turns = turns_in(self.holds, schema[self.holds], "", source=source)
        if schema.get(_SYSTEM) != pl.String:
            return turns
        told = pl.col(_SYSTEM)
        return pl.when(told.str.len_bytes() > 0).then(pl.concat_list(said_by(_SYSTEM, told), turns)).otherwise(turns)

    def reads(self, schema: pl.Schema) -> frozenset[str]:
        """The conversation, and its system message."""
        return frozenset({self.holds, *([_SYSTEM] if schema.get(_SYSTEM) == pl.String else [])})

    def answered(self, schema: pl.Schema) -> dict[str, pl.Expr]:
        """The conversation."""
        return {self.holds: written(self.holds, schema[self.holds])}
