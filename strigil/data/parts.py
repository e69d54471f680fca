"""The parts of a row that rules can read, and the texts of each: every turn, and what stands beside the turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

import polars as pl

from strigil.data.hidden import BESIDE
from strigil.data.rows import completion_text
from strigil.data.texts import texts_in
from strigil.data.turns import REASONING, SYSTEM, TOOL_CALLS, TOOLS

Part: TypeAlias = Literal["completion", "prompt", "system", "reasoning", "tools", "columns"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
# Where a text is, of an earlier turn and of what it calls.
TURN: Final = "in turn {}, of the {}"
CALL: Final = "in a call of turn {}"
_BESIDE_KIND: Final = pl.List(pl.Struct({"part": pl.String, "where": pl.String, "text": pl.String}))


def texts_of(rows: pl.DataFrame, parts: Collection[Part]) -> pl.DataFrame:
    """The texts of these parts, one line each, the completions first and in the order of the rows.

    Args:
        rows: Row table.
        parts: Which parts: `completion` is all that an assistant says, `prompt` what a user says, `columns` whatever
            stands in none of the others.

    Returns:
        `row`, the place of its row; `where`, which turn or column it is, null for completions; and `text`.
    """
    tables = [_turns_before(rows, parts)] if "prompt" in rows.columns else []
    if "completion" in parts:
        where = pl.lit(None, pl.String).alias("where")
        whole = rows.select(pl.int_range(pl.len()).alias("row"), where, text=completion_text().fill_null(""))
        tables.insert(0, whole)
    if BESIDE in rows.columns:
        beside = rows.select(pl.int_range(pl.len()).alias("row"), BESIDE).explode(BESIDE, empty_as_null=False)
        known = beside.unnest(BESIDE).filter(pl.col("part").is_in(list(parts)) & (pl.col("text").str.len_bytes() > 0))
        tables.append(known.select("row", "where", "text"))
    return pl.concat(tables)


def count_earlier_answers() -> pl.Expr:
    """How many answers a row's conversation has before its completion."""
    return pl.col("prompt").list.eval(pl.element().struct.field("role") == "assistant").list.sum().alias("earlier")


def beside(pieces: Sequence[pl.Expr]) -> pl.Expr | None:
    """The column `BESIDE` of what `beside_columns`, `beside_turns` and `other_turns` say; None if that is nothing."""
    return pl.concat_list(pieces).alias(BESIDE) if pieces else None


def beside_columns(schema: Mapping[str, pl.DataType]) -> list[pl.Expr]:
    """The texts in columns that are no turns."""
    found = []
    for name, kind in schema.items():
        text = texts_in(pl.col(name), kind)
        if text is not None:
            part = "reasoning" if name in REASONING else "tools" if name in TOOL_CALLS else "columns"
            found.append(pl.concat_list(_piece(pl.lit(part), pl.lit(f"in the column {name!r}"), text)))
    return found


def beside_turns(turns: pl.Expr) -> list[pl.Expr]:
    """What turns hold besides their contents: reasoning, calls of tools, and more."""
    named: dict[Part, tuple[str, str]] = {
        "reasoning": ("reasoning", "in the reasoning of turn {}"),
        "tools": ("tools", CALL),
        "columns": ("beside", "beside turn {}"),
    }
    return [_eval(turns, pl.lit(part), said, field) for part, (field, said) in named.items()]


def other_turns(turns: pl.Expr, name: str) -> list[pl.Expr]:
    """The contents of turns that are not a row's own: those of a rejected answer."""
    return [_eval(turns, _part_of(pl.element().struct.field("role")), f"in turn {{}} of {name}", "content")]


def _eval(turns: pl.Expr, part: pl.Expr, said: str, field: str) -> pl.Expr:
    text = pl.element().struct.field(field)
    number = pl.element().struct.field("role").is_null().cum_count()
    return turns.list.eval(_piece(part, pl.format(said, number), text).filter(text.str.len_bytes() > 0))


def _piece(part: pl.Expr, where: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.struct(part=part, where=where, text=text)


def _part_of(role: pl.Expr) -> pl.Expr:
    return (
        pl.when(role.is_in(SYSTEM))
        .then(pl.lit("system"))
        .when(role == "assistant")
        .then(pl.lit("completion"))
        .when(role.is_in(TOOLS))
        .then(pl.lit("tools"))
        .otherwise(pl.lit("prompt"))
    )


def _turns_before(rows: pl.DataFrame, parts: Collection[Part]) -> pl.DataFrame:
    """What was said before the completions, of these parts."""
    length = pl.col("prompt").list.len()
    longer = length > 1 if parts == {"completion"} else pl.lit(value=True)
    role, number = pl.col("role"), pl.col("number")
    turns = (
        rows.select(pl.int_range(pl.len()).alias("row"), "prompt")
        .filter(longer)
        .with_columns(
            pl.col("prompt").list.eval(~pl.element().struct.field("role").is_in(SYSTEM)).list.sum().alias("speaking"),
            pl.int_ranges(1, length + 1).alias("number"),
        )
        .explode("number", "prompt")
        .unnest("prompt")
    )
    where = (
        pl.when(role.is_in(SYSTEM))
        .then(pl.lit("in the system message"))
        .when(pl.col("speaking") == 1)
        .then(pl.lit("in the prompt"))
        .otherwise(pl.format(TURN, number, role))
    )
    chosen = turns.filter(_part_of(role).is_in(list(parts)) & (pl.col("content").str.len_bytes() > 0))
    return chosen.select("row", where.alias("where"), text="content")
