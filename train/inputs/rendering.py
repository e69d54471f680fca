"""Chats through a tokenizer's own template: texts, token ids, and what the template puts after an answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from jinja2.exceptions import TemplateError

from strigil.common.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedTokenizerBase

    from strigil.data.messages import Message


@dataclass(frozen=True)
class Rendered:
    """A chat that an answer ends.

    Attributes:
        name: The row's, for messages.
        answer: The answer, without white space around it, which some templates trim.
        before: The rendered chat without it, up to where the model begins.
        whole: The rendered chat.
        end: Where in `whole` the answer ends.
        ids: Tokens of `whole`.
        start: How many of them are those of `before`.
    """

    name: str
    answer: str
    before: str
    whole: str
    end: int
    ids: list[int]
    start: int


def render_answered(
    names: Sequence[str], chats: Sequence[Sequence[Message]], tokenizer: PreTrainedTokenizerBase
) -> list[Rendered]:
    """Renders and tokenises chats, each without its last message and whole.

    Raises:
        ConfigError: The tokenizer has no chat template, the template refuses a chat, leaves out a part of an answer, or
            does not render the whole from what comes before the answer on.
    """
    begun = _render([chat[:-1] for chat in chats], tokenizer, open_turn=True)
    wholes = _render(chats, tokenizer, open_turn=False)
    closings = _closings(chats, wholes, tokenizer)
    begun_ids = _tokenise(begun, tokenizer)
    whole_ids = _apart(_tokenise(wholes, tokenizer), begun_ids, begun, wholes, tokenizer)
    rendered = []
    given = zip(names, chats, begun, wholes, closings, begun_ids, whole_ids, strict=True)
    for name, chat, before, whole, closing, opening, ids in given:
        answer = chat[-1]["content"].strip()
        said = whole.removesuffix(closing).rstrip()
        if answer and not (said.endswith(answer) and len(said) - len(answer) >= len(before.rstrip())):
            message = (
                f"row {name}: its completion is not in the text that {tokenizer.name_or_path} renders: the chat "
                "template leaves out or changes a part of it, which would not be trained on"
            )
            raise ConfigError(message, hint="use a template that renders completions as they are, or drop the row")
        if ids[: len(opening)] != opening:
            message = (
                f"row {name}: the chat template of {tokenizer.name_or_path} renders prompt and completion "
                "differently from the prompt alone, so that training and sampling would not match"
            )
            raise ConfigError(message, hint="use a template that only appends, or put a system message into every row")
        rendered.append(Rendered(name, answer, before, whole, len(said), ids, len(opening)))
    return rendered


def ending_lengths(chats: Sequence[Rendered], tokenizer: PreTrainedTokenizerBase) -> list[int | None]:
    """How many tokens the template puts after each answer's last word; None where that word shares one of them.

    Raises:
        ConfigError: An answer is empty.
    """
    endings = []
    for chat in chats:
        if not chat.answer:
            message = f"row {chat.name}: its completion is empty, so nothing is left without the end of the turn"
            raise ConfigError(message, hint="drop the row, or set end_of_turn to true")
        endings.append(chat.whole[chat.end :])
    return [
        len(ending) if chat.ids[len(chat.ids) - len(ending) :] == ending else None
        for chat, ending in zip(chats, _tokenise(endings, tokenizer), strict=True)
    ]


def _closings(
    chats: Sequence[Sequence[Message]], wholes: Sequence[str], tokenizer: PreTrainedTokenizerBase
) -> list[str]:
    """What the template puts after each answer: how the chat goes on in common with one that another answer ends."""
    others = _render([[*chat[:-1], _other_end(chat[-1])] for chat in chats], tokenizer, open_turn=False)
    return [_common_end(whole, other) for whole, other in zip(wholes, others, strict=True)]


def _common_end(first: str, second: str) -> str:
    backwards = zip(reversed(first), reversed(second), strict=False)
    return first[len(first) - sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], backwards)) :]


def _other_end(answer: Message) -> Message:
    """Of one letter that the answer does not end with, so that nothing of both is the same; templates leave digits."""
    return {"role": answer["role"], "content": "1" if answer["content"].rstrip().endswith("0") else "0"}


def _render(chats: Sequence[Sequence[Message]], tokenizer: PreTrainedTokenizerBase, *, open_turn: bool) -> list[str]:
    try:
        texts: list[str] = tokenizer.apply_chat_template(
            [list(chat) for chat in chats], tokenize=False, add_generation_prompt=open_turn
        )
    except (ValueError, TemplateError) as error:
        message = f"the chat template of {tokenizer.name_or_path} cannot render these rows: {error}"
        raise ConfigError(message, hint="use an instruct model, and roles that its template knows") from error
    return texts


def _tokenise(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return ids


def _apart(
    whole_ids: list[list[int]],
    begun_ids: Sequence[list[int]],
    begun: Sequence[str],
    wholes: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
) -> list[list[int]]:
    """Cuts apart tokens that hold the end of a prompt and the beginning of its answer, as engines read the two."""
    merged = [
        place
        for place, (whole, opening) in enumerate(zip(whole_ids, begun_ids, strict=True))
        if whole[: len(opening)] != opening and wholes[place].startswith(begun[place])
    ]
    if not merged:
        return whole_ids
    rests = _tokenise([wholes[place][len(begun[place]) :] for place in merged], tokenizer)
    cut = {place: [*begun_ids[place], *rest] for place, rest in zip(merged, rests, strict=True)}
    return [cut.get(place, whole) for place, whole in enumerate(whole_ids)]
