"""Layouts of two columns, one with prompts and one with completions."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.turns import said_by, turns_in


class Pair(Layout):
    """Texts or messages; where the prompt's column is not there, prompts are empty.

    Attributes:
        asks: The column of prompts, if there is one.
    """

    asks: ClassVar[str | None]

    @property
    def taken(self) -> str:
        """The two columns."""
        return f"{self.asks} as prompt, {self.answers} as completion" if self.asks else f"{self.answers} as completion"

    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """Those of both columns; a row without any prompt has an empty one."""
        answered = turns_in(self.answers, schema[self.answers], "assistant", source=source)
        nothing = said_by("user", pl.lit(""))
        if self.asks is None or self.asks not in schema:
            return pl.concat_list(nothing, answered)
        asked = turns_in(self.asks, schema[self.asks], "user", source=source)
        if isinstance(schema[self.asks], pl.List):
            asked = pl.when(asked.list.len() == 0).then(nothing).otherwise(asked)
        return pl.concat_list(asked, answered)
