"""What rows hold that a student is not trained on: said before training, never left out in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from strigil.data.hidden import BESIDE
from strigil.data.parts import Part, count_earlier_answers

if TYPE_CHECKING:
    from strigil.sources.open_rows import RowSource
    from strigil.train.recipe import TrainRecipe

# Of parts beside a row's own turns, the completions are those of rejected answers.
_PARTS: Final[dict[Part, str]] = {
    "completion": "rejected answers",
    "reasoning": "reasoning",
    "tools": "calls and definitions of tools",
}


def left_out(rows: RowSource, recipe: TrainRecipe) -> str | None:
    """One line on it; None if students learn all that an assistant says."""
    counted = [count_earlier_answers().sum()]
    if BESIDE in rows.schema:
        part = pl.element().struct.field("part")
        text = pl.element().struct.field("text").str.len_bytes() > 0
        counted += [pl.col(BESIDE).list.eval((part == name) & text).list.any().sum().alias(name) for name in _PARTS]
    found = rows.frame.select(counted).collect(engine="streaming").row(0, named=True)
    said = [f"{told} of {found[name]} rows" for name, told in _PARTS.items() if found.get(name)]
    if found["earlier"] and recipe.turns == "last":
        said.insert(0, f"{found['earlier']} answers before the last one (turns: all in the recipe trains on them too)")
    return f"{rows.address}: not trained on: {'; '.join(said)}" if said else None
