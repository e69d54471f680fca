"""Where an assistant speaks in a conversation before its last answer: what `turns: all` trains on besides that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.common.errors import ConfigError
from strigil.train.inputs.rendering import ending_lengths, render_answered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from strigil.data.messages import Message
    from strigil.train.inputs.rendering import Rendered


@dataclass(frozen=True)
class Span:
    """Tokens of an earlier answer: from `start` up to `end`, of the row at place `row`."""

    row: int
    start: int
    end: int


@dataclass(frozen=True)
class Earlier:
    """The spans of all answers but the last ones; `untold` are rows of which a token holds more than an answer."""

    spans: list[Span]
    untold: frozenset[int]


def earlier_answers(
    chats: Sequence[Sequence[Message]],
    whole: Sequence[Rendered],
    tokenizer: PreTrainedTokenizerBase,
    *,
    end_of_turn: bool,
) -> Earlier:
    """Looks for all answers but the last ones.

    Args:
        chats: Whole conversations.
        whole: The same, rendered.
        tokenizer: Whose template rendered them.
        end_of_turn: Whether what closes an answer belongs to it.

    Raises:
        ConfigError: The template does not only append, so that an earlier answer stands otherwise in the whole.
    """
    places = [
        (row, place)
        for row, chat in enumerate(chats)
        for place, turn in enumerate(chat[:-1])
        if turn["role"] == "assistant"
    ]
    if not places:
        return Earlier([], frozenset())
    names = [whole[row].name for row, _ in places]
    parts = render_answered(names, [chats[row][: place + 1] for row, place in places], tokenizer)
    endings: Sequence[int | None] = [0] * len(parts) if end_of_turn else ending_lengths(parts, tokenizer)
    spans, untold = [], set()
    for (row, _), part, ending in zip(places, parts, endings, strict=True):
        if not whole[row].whole.startswith(part.whole):
            message = f"row {part.name}: the template of {tokenizer.name_or_path} renders earlier answers anew"
            raise ConfigError(message, hint="train on the last answers alone, with turns: last")
        if ending is None or whole[row].ids[: len(part.ids)] != part.ids:
            untold.add(row)
        else:
            spans.append(Span(row, part.start, len(part.ids) - ending))
    return Earlier(spans, frozenset(untold))
