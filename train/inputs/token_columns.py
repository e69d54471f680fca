"""The token columns of rows: other inputs, labels or weights for each token of a completion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strigil.common.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Completion:
    """Where a row's completion stands among its tokens.

    Attributes:
        name: The row's, for messages.
        start: Place of its first token.
        tokens: Their number, without what closes the turn.
        end: Where the row is cut off; before `start` where the whole completion is.
    """

    name: str
    start: int
    tokens: int
    end: int


def put_tokens(
    target: NDArray[np.int64] | NDArray[np.float32],
    column: pl.Series,
    completions: Sequence[Completion],
    *,
    words: int,
) -> None:
    """Writes a token column over (rows, tokens), at the places of the completions.

    Args:
        target: What the column says in its own words: inputs, labels or weights.
        column: One list a row, or null.
        completions: Of each row.
        words: Number of token ids.

    Raises:
        DataError: A list is not as long as its completion, an id is no token, or a weight is negative or not finite.
    """
    highest = words - 1 if column.name != "token_weights" else np.finfo(np.float32).max
    for row, (values, completion) in enumerate(zip(column.to_list(), completions, strict=True)):
        if values is None:
            continue
        where = f"row {completion.name}: {column.name}"
        if len(values) != completion.tokens:
            message = f"{where} has {len(values)} entries, but its completion has {completion.tokens} tokens"
            raise DataError(message, hint="make the column with the tokenizer of the base that is trained")
        wrong = next((value for value in values if value is None or not 0 <= value <= highest), None)
        if wrong is not None or None in values:
            what = "a weight" if column.name == "token_weights" else f"a token of this base, which has {words}"
            message = f"{where} holds {wrong}, which is not {what}"
            raise DataError(message)
        kept = max(0, min(completion.tokens, completion.end - completion.start))
        target[row, completion.start : completion.start + kept] = values[:kept]
