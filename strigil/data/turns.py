"""Turns: what a column of other people's data says of who spoke, in one form, with all that a message holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from strigil.common.errors import DataError
from strigil.data.rows import MESSAGES
from strigil.data.texts import fields_of, texts_in

if TYPE_CHECKING:
    from polars.datatypes import DataTypeClass

# `unread` names what a message holds that nobody here can read: a picture, a sound.
TURN: Final = pl.Struct(
    {
        "role": pl.String,
        "content": pl.String,
        "reasoning": pl.String,
        "tools": pl.String,
        "beside": pl.String,
        "unread": pl.String,
    }
)
TURNS: Final = pl.List(TURN)
SYSTEM: Final = ("system", "developer")
TOOLS: Final = ("tool", "function", "ipython", "environment")
ROLES: Final = ("user", "assistant", *SYSTEM, *TOOLS)
_MEANT: Final = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "function_response": "tool",
    "tool_response": "tool",
}
_ROLE: Final = ("role", "from")
_CONTENT: Final = ("content", "value")
REASONING: Final = ("reasoning", "reasoning_content", "thinking")
TOOL_CALLS: Final = ("tool_calls", "function_call", "tools", "functions")
# What the parts of a content are called that are texts; all others are pictures, sounds, or nobody knows what.
_TEXT_PARTS: Final = ("text", "input_text", "output_text")
_TOOL_PARTS: Final = ("tool_call", "tool_use", "tool_result", *TOOL_CALLS)
_TEXT_FIELDS: Final = ("text", "value")
# What stands where a role should may be a text of the row, which no message repeats.
_LONGEST_ROLE: Final = 40


def said_by(role: str, text: pl.Expr) -> pl.Expr:
    """A text as the one turn of a role, in the form `TURNS`."""
    return pl.concat_list(_turn(role=pl.lit(role), content=text))


def turns_in(column: str, kind: pl.DataType, role: str, *, source: str) -> pl.Expr:
    """A column of texts, or of lists of messages, in the form `TURNS`; a text is the one turn of `role`.

    Messages have `role` and `content`, or `from` and `value`; a content may be a list of parts, as OpenAI's chats have
    them, and a column one message. Of what else a message holds, reasoning and calls of tools are kept apart, and all
    other text is in `beside`.

    Raises:
        DataError: It holds something else.
    """
    if kind == pl.List(pl.Null):
        return pl.lit([], TURNS)
    message = message_kind(kind)
    if message is not None:
        kinds = {field.name: field.dtype for field in message.fields}
        speaker = next((name for name in _ROLE if kinds.get(name) == pl.String), None)
        spoken = next((name for name in _CONTENT if name in kinds), None)
        if speaker is not None and spoken is not None:
            messages = pl.col(column) if isinstance(kind, pl.List) else pl.concat_list(column)
            return messages.list.eval(_message(message, speaker, spoken))
    return said_by(role, text_in(column, kind, source=source, expected=f"text or {MESSAGES}"))


def text_in(column: str, kind: pl.DataType, *, source: str, expected: str = "text") -> pl.Expr:
    """A column of texts, or of what is written as one.

    Raises:
        DataError: It holds something else.
    """
    if kind.is_nested() or kind in {pl.Null, pl.Binary}:
        problem = f"{source}: the column {column!r} is {kind}, expected {expected}"
        raise DataError(problem)
    return pl.col(column).cast(pl.String)


def message_kind(kind: pl.DataType) -> pl.Struct | None:
    """What a message of a column is, of lists of messages or of one message each; None of another column."""
    inner = kind.inner if isinstance(kind, pl.List) else kind
    return inner if isinstance(inner, pl.Struct) else None


def text_field(kinds: Mapping[str, pl.DataType | DataTypeClass]) -> str | None:
    """The field that holds the text of a part of a content; None if no part can hold any."""
    return next((name for name in _TEXT_FIELDS if kinds.get(name) == pl.String), None)


def text_of(content: pl.Expr, kind: pl.DataType | DataTypeClass) -> pl.Expr:
    """The text of a content that is one, or of its parts."""
    return _content(content, kind).text


def messages_of(turns: pl.Expr) -> pl.Expr:
    """Turns as messages of a row table."""
    field = pl.element().struct.field
    return turns.list.eval(pl.struct(field("role"), field("content")))


def _message(message: pl.Struct, speaker: str, spoken: str) -> pl.Expr:
    fields = {field.name: field for field in fields_of(pl.element(), message.fields)}
    known = {speaker, spoken, *REASONING, *TOOL_CALLS}
    said = {name: text for name, field in fields.items() if (text := texts_in(field.value, field.kind)) is not None}
    reasoning = [said[name] for name in REASONING if name in said]
    tools = [said[name] for name in TOOL_CALLS if name in said]
    beside = [text for name, text in said.items() if name not in known]
    held = _content(fields[spoken].value, fields[spoken].kind)
    called = _joined([*tools, *held.tools])
    silent = held.text.is_null() & called.is_not_null() & (called != "")
    role = fields[speaker].value
    return _turn(
        role=role if speaker == "role" else role.replace(_MEANT),
        content=pl.when(silent).then(pl.lit("")).otherwise(held.text),
        reasoning=_joined([*reasoning, *held.reasoning]),
        tools=called,
        beside=_joined([*beside, *held.beside]),
        unread=held.unread,
    )


@dataclass(frozen=True)
class _Content:
    """What a message's content holds: its text, further texts, and the name of what cannot be read."""

    text: pl.Expr
    unread: pl.Expr
    reasoning: Sequence[pl.Expr] = ()
    tools: Sequence[pl.Expr] = ()
    beside: Sequence[pl.Expr] = ()


def _content(content: pl.Expr, kind: pl.DataType | DataTypeClass) -> _Content:
    nothing = pl.lit(None, pl.String)
    if not isinstance(kind, pl.List):
        return _Content(content.cast(pl.String) if not kind.is_nested() else nothing, nothing)
    if not isinstance(kind.inner, pl.Struct):
        return _Content(content.cast(pl.List(pl.String)).list.join(""), nothing)
    fields = {field.name: field for field in fields_of(pl.element(), kind.inner.fields)}
    spoken = text_field({field.name: field.kind for field in fields.values()})
    text = nothing if spoken is None else fields[spoken].value
    named = "type" in fields and fields["type"].kind == pl.String
    called = fields["type"].value.fill_null("text") if named else pl.lit("text")
    others = [
        said
        for name, field in fields.items()
        if name not in {"type", spoken} and (said := texts_in(field.value, field.kind)) is not None
    ]
    whole = _joined([text, *others])
    told, thought, asked = called.is_in(_TEXT_PARTS), called.is_in(REASONING), called.is_in(_TOOL_PARTS)

    def among(said: pl.Expr, found: pl.Expr, separator: str = "\n") -> pl.Expr:
        return content.list.eval(pl.when(found).then(said)).list.join(separator, ignore_nulls=True)

    unread = pl.when(~(thought | asked) & ~(told & text.is_not_null()))
    return _Content(
        among(text, told, ""),
        content.list.eval(unread.then(pl.when(told).then(pl.lit("a part without text")).otherwise(called)))
        .list.drop_nulls()
        .list.first(),
        [among(whole, thought)],
        [among(whole, asked)],
        [among(_joined(others), ~(thought | asked))],
    )


def _joined(texts: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_str(texts, separator="\n", ignore_nulls=True) if texts else pl.lit(None, pl.String)


def _turn(**parts: pl.Expr) -> pl.Expr:
    return pl.struct(parts.get(field.name, pl.lit(None, pl.String)).alias(field.name) for field in TURN.fields)


def wrong_with(turns: pl.Expr) -> pl.Expr:
    """What keeps turns from being a conversation that an assistant ends, and that can be read; null if nothing does."""
    field = pl.element().struct.field

    def first(found: pl.Expr, value: pl.Expr) -> pl.Expr:
        return turns.list.eval(pl.when(found).then(value)).list.drop_nulls().list.first()

    number = pl.element().struct.field("role").is_null().cum_count()
    foreign = first(
        ~field("role").is_in(ROLES).fill_null(value=False), field("role").fill_null("none").str.head(_LONGEST_ROLE)
    )
    unread = first(field("unread").is_not_null(), field("unread"))
    empty = first(field("content").is_null(), pl.format("holds turn {} without text", number))
    speakers = turns.list.eval(field("role").filter(~field("role").is_in(SYSTEM)))
    last = turns.list.last().struct.field("role")
    return pl.coalesce(
        pl.when(turns.is_null()).then(pl.lit("is missing, or a part of it is")),
        pl.when(turns.list.len() == 0).then(pl.lit("holds no turns")),
        pl.format("has a turn of {}, which is no role known here", foreign),
        pl.format("holds {}, which no rule can judge", unread),
        empty,
        pl.when(last != "assistant").then(pl.format("ends with a turn of {}, so that there is no answer", last)),
        pl.when(speakers.list.first() == "assistant").then(pl.lit("begins with a turn of the assistant")),
    )
