"""The answers of rows: every turn of an assistant, the rejected ones too, with what was said before it."""

from __future__ import annotations

from typing import Final

import polars as pl

from strigil.data.hidden import BESIDE
from strigil.data.parts import CALL, TURN
from strigil.data.rows import completion_text, prompt_text

_ROW: Final = pl.int_range(pl.len()).alias("row")


def answers_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Every answer, one line each, the completions first and in the order of the rows.

    An earlier turn that calls a tool and says nothing is none.

    Args:
        rows: Row table.

    Returns:
        `row`, the place of its row; `where`, which turn it is, null for completions; `before`, how many messages of the
        prompt come before it; and `text`.
    """
    asked = pl.col("prompt").list.len().cast(pl.Int64).alias("before")
    last = rows.select(_ROW, pl.lit(None, pl.String).alias("where"), asked, text=completion_text().fill_null(""))
    number = pl.col("before") + 1
    earlier = (
        rows.select(_ROW, "prompt")
        .filter(pl.col("prompt").list.len() > 1)
        .with_columns(before=pl.int_ranges(pl.col("prompt").list.len()))
        .explode("prompt", "before")
        .unnest("prompt")
        .filter(pl.col("role") == "assistant")
        .select("row", pl.format(TURN, number, "role").alias("where"), "before", text="content")
    )
    if BESIDE not in rows.columns:
        return pl.concat([last, earlier])
    beside = rows.select(_ROW, BESIDE, asked).explode(BESIDE, empty_as_null=False).unnest(BESIDE)
    called = beside.filter(pl.col("part") == "tools").select("row", "where")
    call = pl.when(pl.col("text") == "").then(pl.format(CALL, number))
    said = earlier.join(called, left_on=["row", call], right_on=["row", "where"], how="anti", maintain_order="left")
    others = beside.filter((pl.col("part") == "completion") & (pl.col("text") != ""))
    return pl.concat([last, said, others.select("row", "where", "before", "text")])


def said_before(answers: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """For each of n answers all that was said before it, as `prompt_text` has it for completions."""
    prompts = rows["prompt"].gather(answers["row"])
    heads = pl.DataFrame({"prompt": prompts, "before": answers["before"]})
    return heads.select(prompt=pl.col("prompt").list.head("before")).select(prompt_text().fill_null("")).to_series()


def answers_text() -> pl.Expr:
    """All that an assistant says in a row, an empty line between answers."""
    field = pl.element().struct.field
    earlier = pl.col("prompt").list.eval(field("content").filter(field("role") == "assistant"))
    return pl.concat_list(earlier, completion_text()).list.join("\n\n", ignore_nulls=True).alias("answers_text")
