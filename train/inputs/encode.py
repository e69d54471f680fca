"""Chats to token ids, through the tokenizer's own chat template."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import TOKEN_COLUMNS, check_token_columns
from strigil.train.inputs.earlier_answers import Earlier, Span, earlier_answers
from strigil.train.inputs.rendering import ending_lengths, render_answered
from strigil.train.inputs.token_columns import Completion, put_tokens

if TYPE_CHECKING:
    from collections.abc import Collection

    import polars as pl
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from strigil.data.messages import Message
    from strigil.train.inputs.batches import Indices
    from strigil.train.recipe import TrainRecipe


@dataclass(frozen=True)
class EncodedRows:
    """Rows as tokens.

    Attributes:
        inputs: (rows, longest) token ids that the model reads, filled with 0 on the right.
        labels: (rows, longest) token ids that it is to predict, each in its own place.
        weights: (rows, longest) factor of each label's loss, float32; 0 where there is no label.
        starts: (rows,) place of the first label: the first token of the answers that are trained on.
        lengths: (rows,) tokens of each row; the last one is its last label.
        labelled: (rows,) tokens of each row that are an answer's.
        truncated: Rows that lost answers, or parts of them, to the recipe's `max_length`.
        left_out: Names of rows that are none of these: one of their tokens holds more than an answer.
    """

    inputs: Tensor
    labels: Tensor
    weights: Tensor
    starts: Indices
    lengths: Indices
    labelled: Indices
    truncated: int
    left_out: tuple[str, ...] = ()


def row_names(rows: pl.DataFrame) -> list[str]:
    """What messages call each row: its `row_id`, or its place where there is none."""
    return rows["row_id"].to_list() if "row_id" in rows.columns else [str(place) for place in range(rows.height)]


def system_of(rows: pl.DataFrame, recipe: TrainRecipe) -> str | None:
    """The system prompt of all rows, an empty text for none; None for the template's default, or different ones."""
    default = "" if recipe.default_system == "drop" else None
    first = [prompt[0] for prompt in rows["prompt"].to_list()]
    found = {message["content"] if message["role"] == "system" else default for message in first}
    return found.pop() if len(found) == 1 else None


def encode_rows(rows: pl.DataFrame, tokenizer: PreTrainedTokenizerBase, recipe: TrainRecipe) -> EncodedRows:
    """Renders and tokenises prompts and completions, and puts in what the token columns say.

    A row is left out where what is trained on and what is not share a token.

    Raises:
        ConfigError: The tokenizer has no chat template, the template refuses a chat, or its rendering of prompt and
            completion does not start with that of the prompt, token by token; or every row would be left out.
        DataError: A row has nothing left to train on, or a token column does not fit its completion.
    """
    check_token_columns(rows.schema, source="rows to train on")
    given = zip(rows["prompt"].to_list(), rows["completion"].to_list(), strict=True)
    chats = [
        [*(_with_system(prompt) if recipe.default_system == "drop" else prompt), *completion]
        for prompt, completion in given
    ]
    rendered = render_answered(row_names(rows), chats, tokenizer)
    columns = [name for name in TOKEN_COLUMNS if name in rows.columns]
    apart = ending_lengths(rendered, tokenizer) if columns or not recipe.end_of_turn else [0] * len(chats)
    earlier = Earlier([], frozenset())
    if recipe.turns == "all":
        earlier = earlier_answers(chats, rendered, tokenizer, end_of_turn=recipe.end_of_turn)
    if untold := earlier.untold.union(row for row, ending in enumerate(apart) if ending is None):
        return _without(untold, rows, tokenizer, recipe)
    endings = [ending or 0 for ending in apart]
    cut = [0] * len(chats) if recipe.end_of_turn else endings
    spans = [
        Span(row, chat.start, len(chat.ids) - ending)
        for row, (chat, ending) in enumerate(zip(rendered, cut, strict=True))
    ]
    spans += earlier.spans
    starts = np.array([chat.start for chat in rendered])
    ends = np.zeros(len(chats), dtype=np.int64)
    for span in spans:
        if span.start < min(span.end, recipe.max_length):
            starts[span.row] = min(starts[span.row], span.start)
            ends[span.row] = max(ends[span.row], min(span.end, recipe.max_length))
    if not ends.all():
        [row, *_] = np.flatnonzero(ends == 0).tolist()
        message = f"row {rendered[row].name}: nothing to train on within {recipe.max_length} tokens"
        first = min(span.start for span in spans if span.row == row)
        raise DataError(message, hint=f"its prompt takes {first} tokens: raise max_length, or drop the row")
    inputs = np.zeros((len(chats), ends.max()), dtype=np.int64)
    weights = np.zeros(inputs.shape, dtype=np.float32)
    for place, (chat, end) in enumerate(zip(rendered, ends, strict=True)):
        inputs[place, :end] = chat.ids[:end]
    for span in spans:
        weights[span.row, span.start : min(span.end, ends[span.row])] = 1.0
    labels = inputs.copy() if columns else inputs
    labelled = weights.sum(axis=1).astype(np.int64)
    targets: dict[str, NDArray[np.int64] | NDArray[np.float32]] = {
        "token_inputs": inputs,
        "token_labels": labels,
        "token_weights": weights,
    }
    completions = [
        Completion(chat.name, chat.start, len(chat.ids) - chat.start - ending, end)
        for chat, ending, end in zip(rendered, endings, ends.tolist(), strict=True)
    ]
    for name in columns:
        put_tokens(targets[name], rows[name], completions, words=len(tokenizer))
    if not weights.any():
        message = "every token has the weight 0: there is nothing to train on"
        raise DataError(message, hint="check the column token_weights")
    return EncodedRows(
        inputs=torch.from_numpy(inputs),
        labels=torch.from_numpy(labels),
        weights=torch.from_numpy(weights),
        starts=starts,
        lengths=ends,
        labelled=labelled,
        truncated=len({span.row for span in spans if span.end > recipe.max_length}),
    )


def _without(
    untold: Collection[int], rows: pl.DataFrame, tokenizer: PreTrainedTokenizerBase, recipe: TrainRecipe
) -> EncodedRows:
    """The other rows."""
    names = row_names(rows)
    if len(untold) == rows.height:
        message = f"row {names[0]} and every other: an answer and what stands beside it share a token"
        hint = "set turns to last and end_of_turn to true, or use another chat template"
        raise ConfigError(message, hint=hint)
    rest = encode_rows(rows[[row for row in range(rows.height) if row not in untold]], tokenizer, recipe)
    return replace(rest, left_out=tuple(names[row] for row in sorted(untold)))


def _with_system(prompt: list[Message]) -> list[Message]:
    """The prompt with an empty system message in front, if it has none, in which the template puts no default."""
    return prompt if prompt[0]["role"] == "system" else [{"role": "system", "content": ""}, *prompt]
