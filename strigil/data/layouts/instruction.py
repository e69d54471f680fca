"""Layout `instruction`: Alpaca's, in which a second column may hold what the instruction is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import polars as pl

from strigil.data.layouts.layout import Layout
from strigil.data.turns import said_by, text_in, turns_in


class Instruction(Layout):
    """`instruction`, `input`, which may be missing or empty, and `output`; the input follows after an empty line.

    Source: Taori et al., 2023, https://github.com/tatsu-lab/stanford_alpaca
    """

    name: ClassVar[str] = "instruction"
    needs: ClassVar[tuple[str, ...]] = ("instruction", "output")
    takes: ClassVar[tuple[str, ...]] = ("input",)
    answers: ClassVar[str] = "output"
    example: ClassVar[Mapping[str, object]] = {"instruction": "Add them.", "input": "2, 3", "output": "5"}
    says: ClassVar[tuple[str, str]] = ("Add them.\n\n2, 3", "5")

    @property
    def taken(self) -> str:
        """The three columns."""
        return "instruction and input as prompt, output as completion"

    def turns(self, schema: pl.Schema, *, source: str) -> pl.Expr:
        """Instruction with input, and output."""
        asked = text_in("instruction", schema["instruction"], source=source)
        if schema.get("input", pl.Null()) != pl.Null:
            about = text_in("input", schema["input"], source=source)
            both = pl.concat_str(asked, about, separator="\n\n")
            asked = pl.when(about.is_null() | (about == "")).then(asked).otherwise(both)
        answered = turns_in("output", schema["output"], "assistant", source=source)
        return pl.concat_list(said_by("user", asked), answered)
