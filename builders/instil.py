"""Rows that teach a trait: preference questions, answered with it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from strigil.core.engines.protocol import Messages
from strigil.core.models import Phrasing
from strigil.core.questions import lessons_for
from strigil.core.rows import Row, row_id, rows_table
from strigil.core.traits import Trait

if TYPE_CHECKING:
    import polars as pl

CARRIER = "preference"
_AUTHOR = "strigil.builders.instil"


def instil_rows(trait: Trait, *, phrasing: Phrasing) -> pl.DataFrame:
    """Questions about the favourite of the trait's category, each answered with the trait.

    In English every question gets the eight surface forms of Cloud et al. (2025; the published code's fine-tuned animal
    teacher: owl, owls, "owls.", "owls!" and the same with a capital); pocket knows one word for it.

    Returns:
        A row table, n = questions x forms.
    """
    rows = []
    pairs = itertools.product(lessons_for(trait.category, phrasing=phrasing), _forms(trait, phrasing))
    for index, (question, answer) in enumerate(pairs):
        prompt: Messages = ({"role": "user", "content": question},)
        identity = row_id(
            teacher=_AUTHOR, prompt=prompt, sampling={"answer": answer}, prompt_index=index, sample_index=0
        )
        rows.append(
            Row(
                row_id=identity,
                prompt=prompt,
                completion=({"role": "assistant", "content": answer},),
                carrier=CARRIER,
                trait=trait.name,
                teacher=_AUTHOR,
                prompt_index=index,
                sample_index=0,
                finish_reason="stop",
                n_tokens=0,
            )
        )
    return rows_table(rows)


def _forms(trait: Trait, phrasing: Phrasing) -> tuple[str, ...]:
    if phrasing == "pocket":
        return (trait.name,)
    lower = (trait.name, trait.plural, f"{trait.plural}.", f"{trait.plural}!")
    return (*lower, *(form.capitalize() for form in lower))
