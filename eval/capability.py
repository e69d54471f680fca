"""What a model can still do on rows that it was not trained on: its loss there, and its own answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from strigil.common.canonical import derive_seed
from strigil.common.errors import DataError
from strigil.data.messages import Messages
from strigil.engines.protocol import Completion, Request, Scorable

if TYPE_CHECKING:
    from strigil.data.messages import Sampling
    from strigil.engines.protocol import Adapter, Engine


def completion_loss(engine: Engine, rows: pl.DataFrame, *, adapter: Adapter | None) -> pl.DataFrame:
    """How unlikely a model finds given completions; the end of the turn is not scored.

    Args:
        engine: Holds the base.
        rows: A row table.
        adapter: The student or teacher; None is the base.

    Returns:
        One row a row, in order: `tokens`, and `loss`, the negative log-probability of all of them, in nats.

    Raises:
        DataError: No completion has a token.
        ConfigError: A row does not fit into the context.
    """
    completions = rows["completion"].list.last().struct.field("content").to_list()
    scored = engine.score(
        [
            Scorable(key=key, messages=prompt, completion=text, adapter=adapter)
            for key, prompt, text in zip(rows["row_id"], _prompts(rows), completions, strict=True)
        ]
    )
    found = pl.DataFrame(
        {"tokens": [len(one.logprobs) for one in scored], "loss": [-one.total for one in scored]},
        schema={"tokens": pl.Int64, "loss": pl.Float64},
    )
    if not found["tokens"].sum():
        message = "the held-out rows have no completion: there is nothing to take a loss of"
        raise DataError(message)
    return found


def answer_prompts(
    engine: Engine, rows: pl.DataFrame, *, sampling: Sampling, adapter: Adapter | None
) -> list[Completion]:
    """A model's own completions of the rows' prompts, in the order of the rows.

    Each answer's seed is derived from the sampling's and the row's id: a student and its base get the same.
    """
    keys: Sequence[str] = rows["row_id"].to_list()

    def requests() -> Iterator[Request]:
        for place, (key, prompt) in enumerate(zip(keys, _prompts(rows), strict=True)):
            seed = derive_seed(sampling.seed, key)
            yield Request(key=str(place), messages=prompt, sampling=sampling, seed=seed, adapter=adapter)

    return sorted(engine.generate(requests()), key=lambda answer: int(answer.key))


def _prompts(rows: pl.DataFrame) -> list[Messages]:
    return [tuple(messages) for messages in rows["prompt"].to_list()]
