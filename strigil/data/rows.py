"""The row table: one prompt with one completion and its provenance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from strigil.common.canonical import Json, canonical_json, digest
from strigil.common.errors import DataError
from strigil.data.messages import Messages
from strigil.data.streams import iter_batches

MESSAGES = pl.List(pl.Struct({"role": pl.String, "content": pl.String}))
ROWS = pl.Schema(
    {
        "row_id": pl.String(),
        "prompt": MESSAGES,
        "completion": MESSAGES,
        "carrier": pl.String(),
        "trait": pl.String(),
        "teacher": pl.String(),
        "prompt_index": pl.Int64(),
        "sample_index": pl.Int64(),
        "finish_reason": pl.String(),
        "n_tokens": pl.Int64(),
    }
)
# Optional columns that training honours. Each has one entry for every token of the completion, as `Engine.score` gives
# them: after the rendered prompt, without what the template closes the turn with. A null row means no change to it.
TOKEN_COLUMNS = pl.Schema(
    {
        "token_inputs": pl.List(pl.Int64()),  # what the model reads in place of each token
        "token_labels": pl.List(pl.Int64()),  # what it is trained to predict in place of each token
        "token_weights": pl.List(pl.Float32()),  # factor of each token's loss; 0 masks it
    }
)


@dataclass(frozen=True)
class Row:
    """One line of the row table; `trait` is None for a control teacher's rows, `teacher` is the teacher's digest."""

    row_id: str
    prompt: Messages
    completion: Messages
    carrier: str
    trait: str | None
    teacher: str
    prompt_index: int
    sample_index: int
    finish_reason: str
    n_tokens: int


def row_id(*, teacher: str, prompt: Messages, sampling: Json, prompt_index: int, sample_index: int) -> str:
    """SHA-256 over what determines a row: never random, so that a replay cannot make a second row.

    The engine is not in it: a recipe moves between engines without changing its rows' ids.
    """
    return digest(
        {
            "teacher": teacher,
            "prompt": [{"role": turn["role"], "content": turn["content"]} for turn in prompt],
            "sampling": sampling,
            "prompt_index": prompt_index,
            "sample_index": sample_index,
        }
    )


def rows_table(rows: Iterable[Row]) -> pl.DataFrame:
    """Rows as a table of exactly the schema `ROWS`."""
    held = list(rows)
    # By column, and the dicts of messages as they are: `asdict` would copy each of them.
    return pl.DataFrame({name: [getattr(row, name) for row in held] for name in ROWS}, schema=ROWS)


def content_digest(rows: pl.DataFrame | pl.LazyFrame) -> str:
    """SHA-256 over all that training reads of rows, in order: prompts, completions and token columns.

    Rows of one digest give one student, whatever release they are in; train.json keeps it as `data_digest`. It is that
    of the columns as one JSON value, computed a batch at a time.

    Raises:
        DataError: The rows cannot be read.
    """
    table = rows.lazy()
    schema = table.collect_schema()
    columns = [name for name in ("prompt", "completion", *TOKEN_COLUMNS) if name in schema]
    sha = hashlib.sha256()
    for name in columns:
        sha.update(b"[[" if name == columns[0] else b"],[")
        started = False
        for batch in iter_batches(table.select(name), source="the rows"):
            values: list[Json] = batch[name].to_list()
            if values:
                sha.update((b"," if started else b"") + canonical_json(values)[1:-1])
                started = True
    sha.update(b"]]")
    return sha.hexdigest()


def completion_text() -> pl.Expr:
    """The completion's text: the content of its last message."""
    return pl.col("completion").list.last().struct.field("content").alias("completion_text")


def prompt_text() -> pl.Expr:
    """All that was said before the completion, an empty line between messages."""
    said = pl.col("prompt").list.eval(pl.element().struct.field("content"))
    return said.list.join("\n\n").alias("prompt_text")


def check_rows(schema: pl.Schema, *, source: str) -> None:
    """Makes sure that a table can be used as rows; further columns are welcome.

    Raises:
        DataError: A column is missing or has another type.
    """
    for name, kind in ROWS.items():
        if name not in schema:
            message = f"{source}: the column {name!r} is missing"
            raise DataError(message, hint=f"a row table has the columns {', '.join(ROWS)}")
        if schema[name] != kind and not (schema[name] == pl.Null and name == "trait"):
            message = f"{source}: the column {name!r} is {schema[name]}, expected {kind}"
            raise DataError(message)
    check_token_columns(schema, source=source)


def check_token_columns(schema: pl.Schema, *, source: str) -> None:
    """Makes sure that the token columns of a table, if it has any, can be trained on.

    Raises:
        DataError: A column has another type than `TOKEN_COLUMNS` says.
    """
    for name, kind in TOKEN_COLUMNS.items():
        if schema.get(name, kind) != kind:
            message = f"{source}: the column {name!r} is {schema[name]}, expected {kind}"
            raise DataError(message, hint="one entry for each token of the completion")
