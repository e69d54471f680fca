"""Layouts of two columns, one with prompts and one with completions."""

from __future__ import annotations

from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout, messages_of, said_by


class Pair(Layout):
    """Texts or messages; where the prompt's column is not there, prompts are empty.

    Attributes:
        asks: The column of prompts, if there is one.
        answers: The column of completions.
    """

    asks: ClassVar[str | None]
    answers: ClassVar[str]

    @property
    def taken(self) -> str:
        """The two columns."""
        return f"{self.asks} as prompt, {self.answers} as completion" if self.asks else f"{self.answers} as completion"

    def prompt(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """The first column."""
        if self.asks is None or self.asks not in schema:
            return said_by("user", pl.lit(""))
        return messages_of(self.asks, schema[self.asks], "user", source=source)

    def completion(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """The second column."""
        return messages_of(self.answers, schema[self.answers], "assistant", source=source)
