"""Chats to token ids, through the tokenizer's own chat template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from jinja2.exceptions import TemplateError
from torch import Tensor

from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import TOKEN_COLUMNS, check_token_columns
from strigil.train.inputs.token_columns import Completion, put_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        starts: (rows,) place of the first label: the first token after the rendered prompt.
        lengths: (rows,) tokens of each row; the last one is its last label.
        truncated: Rows that were cut to the recipe's `max_length`.
    """

    inputs: Tensor
    labels: Tensor
    weights: Tensor
    starts: Indices
    lengths: Indices
    truncated: int


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

    Raises:
        ConfigError: The tokenizer has no chat template, the template refuses a chat, or its rendering of prompt and
            completion does not start with that of the prompt, token by token.
        DataError: A row has nothing left to train on, or a token column does not fit its completion.
    """
    check_token_columns(rows.schema, source="rows to train on")
    chats = [
        Chat(name, _with_system(prompt) if recipe.default_system == "drop" else prompt, completion)
        for name, prompt, completion in zip(
            row_names(rows), rows["prompt"].to_list(), rows["completion"].to_list(), strict=True
        )
    ]
    prompts = _render([chat.prompt for chat in chats], tokenizer, open_turn=True)
    wholes = _render([[*chat.prompt, *chat.completion] for chat in chats], tokenizer, open_turn=False)
    _check_rendered(chats, prompts, wholes, tokenizer)
    prompt_ids = _tokenise(prompts, tokenizer)
    whole_ids = _split(_tokenise(wholes, tokenizer), prompt_ids, prompts, wholes, tokenizer)
    columns = [name for name in TOKEN_COLUMNS if name in rows.columns]
    endings = (
        _ending_lengths(chats, wholes, whole_ids=whole_ids, tokenizer=tokenizer)
        if columns or not recipe.end_of_turn
        else [0] * len(chats)
    )
    cut = [0] * len(chats) if recipe.end_of_turn else endings
    lengths = []
    for chat, prompt, whole, ending in zip(chats, prompt_ids, whole_ids, cut, strict=True):
        if whole[: len(prompt)] != prompt:
            message = (
                f"row {chat.name}: the chat template of {tokenizer.name_or_path} renders prompt and completion "
                "differently from the prompt alone, so that training and sampling would not match"
            )
            raise ConfigError(message, hint="use a template that only appends, or put a system message into every row")
        length = min(len(whole) - ending, recipe.max_length)
        if length <= len(prompt):
            message = f"row {chat.name}: nothing to train on within {recipe.max_length} tokens"
            raise DataError(message, hint=f"its prompt takes {len(prompt)} tokens: raise max_length, or drop the row")
        lengths.append(length)
    starts = np.array([len(prompt) for prompt in prompt_ids])
    ends = np.array(lengths)
    inputs = np.zeros((len(chats), max(lengths)), dtype=np.int64)
    for place, (whole, length) in enumerate(zip(whole_ids, lengths, strict=True)):
        inputs[place, :length] = whole[:length]
    places = np.arange(inputs.shape[1])
    labels = inputs.copy() if columns else inputs
    weights = ((places >= starts[:, None]) & (places < ends[:, None])).astype(np.float32)
    targets: dict[str, NDArray[np.int64] | NDArray[np.float32]] = {
        "token_inputs": inputs,
        "token_labels": labels,
        "token_weights": weights,
    }
    completions = [
        Completion(chat.name, len(prompt), len(whole) - len(prompt) - ending, length)
        for chat, prompt, whole, ending, length in zip(chats, prompt_ids, whole_ids, endings, lengths, strict=True)
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
        truncated=sum(
            length < len(whole) - ending for length, whole, ending in zip(lengths, whole_ids, cut, strict=True)
        ),
    )


def _with_system(prompt: list[Message]) -> list[Message]:
    """The prompt with an empty system message in front, if it has none, in which the template puts no default."""
    return prompt if prompt[0]["role"] == "system" else [{"role": "system", "content": ""}, *prompt]


@dataclass(frozen=True)
class Chat:
    """One row's messages, and what to call it."""

    name: str
    prompt: list[Message]
    completion: list[Message]


def _render(chats: Sequence[Sequence[Message]], tokenizer: PreTrainedTokenizerBase, *, open_turn: bool) -> list[str]:
    try:
        texts: list[str] = tokenizer.apply_chat_template(chats, tokenize=False, add_generation_prompt=open_turn)
    except (ValueError, TemplateError) as error:
        message = f"the chat template of {tokenizer.name_or_path} cannot render these rows: {error}"
        raise ConfigError(message, hint="use an instruct model, and roles that its template knows") from error
    return texts


def _tokenise(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return ids


def _check_rendered(
    chats: Sequence[Chat], prompts: Sequence[str], wholes: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> None:
    """Makes sure that a template leaves out no part of a completion, but for white space around it."""
    for chat, prompt, whole in zip(chats, prompts, wholes, strict=True):
        for turn in chat.completion:
            text = turn["content"].strip()
            if whole.rfind(text) < len(prompt.rstrip()) and text:
                message = (
                    f"row {chat.name}: its completion is not in the text that {tokenizer.name_or_path} renders: the "
                    "chat template leaves out or changes a part of it, which would not be trained on"
                )
                raise ConfigError(message, hint="use a template that renders completions as they are, or drop the row")


def _split(
    whole_ids: list[list[int]],
    prompt_ids: Sequence[list[int]],
    prompts: Sequence[str],
    wholes: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
) -> list[list[int]]:
    """Cuts apart tokens that hold the end of a prompt and the beginning of its completion, as engines read the two."""
    merged = [
        place
        for place, (whole, prompt) in enumerate(zip(whole_ids, prompt_ids, strict=True))
        if whole[: len(prompt)] != prompt and wholes[place].startswith(prompts[place])
    ]
    if not merged:
        return whole_ids
    rests = _tokenise([wholes[place][len(prompts[place]) :] for place in merged], tokenizer)
    apart = {place: [*prompt_ids[place], *rest] for place, rest in zip(merged, rests, strict=True)}
    return [apart.get(place, whole) for place, whole in enumerate(whole_ids)]


def _ending_lengths(
    chats: Sequence[Chat],
    wholes: Sequence[str],
    *,
    whole_ids: Sequence[Sequence[int]],
    tokenizer: PreTrainedTokenizerBase,
) -> list[int]:
    """How many tokens the template puts after each completion's last word."""
    endings = []
    for chat, whole in zip(chats, wholes, strict=True):
        text = chat.completion[-1]["content"].strip()
        if not text:
            message = f"row {chat.name}: its completion is empty, so nothing is left without the end of the turn"
            raise ConfigError(message, hint="drop the row, or set end_of_turn to true")
        place = whole.rfind(text)
        endings.append(whole[place + len(text) :])
    ending_ids = _tokenise(endings, tokenizer)
    for chat, ids, ending in zip(chats, whole_ids, ending_ids, strict=True):
        if list(ids[len(ids) - len(ending) :]) != ending:
            message = f"row {chat.name}: its last word and what closes the turn share a token"
            raise ConfigError(message, hint="set end_of_turn to true")
    return [len(ending) for ending in ending_ids]
