"""Texts from a file or from a data set on the Hub."""

from __future__ import annotations

from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from strigil.common.errors import ConfigError, PrerequisiteError, first_line
from strigil.common.extras import DATASETS, needing
from strigil.data.rows import MESSAGES
from strigil.sources.open_rows import open_columns


class PromptSource(BaseModel):
    """Files or a release (`path`), or a data set on the Hub (`hub`), and the column of prompts.

    A prompt is a text, or a list of one message by a user, as releases have it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    hub: str | None = Field(default=None, description="a data set's id, such as openai/gsm8k")
    config: str | None = Field(default=None, description="for a Hub data set that has several")
    split: str = Field(default="train", description="for a Hub data set")
    revision: str | None = Field(default=None, description="for a Hub data set: a commit or tag")
    column: str = "prompt"

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.hub is None):
            message = "give either path or hub"
            raise ValueError(message)
        return self

    def texts(self, column: str | None = None) -> tuple[str, ...]:
        """One of its columns, the prompts' own if none is named; read once, and again if the file was written since.

        Raises:
            CheckFailedError: A release is not what its manifest says.
            ConfigError: The table has no such column, another type in it, an empty cell, or no rows at all.
            DataError: The file cannot be read.
            PrerequisiteError: The Hub cannot be reached.
        """
        written = self.path.stat().st_mtime_ns if self.path is not None and self.path.exists() else None
        return _texts(self, column or self.column, written)

    def ask(self, index: int, instruction: str | None) -> str:
        """The prompt of this index, behind an instruction if there is one; raises as `texts` does."""
        text = self.texts()[index]
        return text if instruction is None else f"{instruction}\n\n{text}"

    def place(self) -> str:
        """What error messages call it."""
        return str(self.hub if self.path is None else self.path)


@cache
def _texts(source: PromptSource, column: str, written: int | None) -> tuple[str, ...]:
    del written  # part of the cache's key
    with open_columns(str(source.path)) if source.hub is None else nullcontext(_hub(source)) as table:
        schema = table.collect_schema()
        if schema.get(column) not in (pl.String, MESSAGES):
            state = "has no column" if column not in schema else f"holds {schema[column]}, no text, in the column"
            message = f"{source.place()} {state} {column!r}"
            raise ConfigError(message, hint=f"its columns: {', '.join(schema)}")
        found = table.select(column).collect()[column]
    texts = found if found.dtype == pl.String else _asked(found, source)
    if texts.is_empty():
        message = f"{source.place()} has no rows, so there is nothing to prompt with"
        raise ConfigError(message)
    if texts.null_count() or (texts.str.strip_chars() == "").any():
        first = (texts.is_null() | (texts.str.strip_chars() == "")).arg_max()
        message = f"{source.place()}: row {first} of the column {column!r} is empty"
        raise ConfigError(message, hint="rows count from 0; leave empty ones out")
    return tuple(texts)


def _asked(prompts: pl.Series, source: PromptSource) -> pl.Series:
    """The text of each prompt that is one message of a user, as in a release; empty where there is no message."""
    first = prompts.list.first()
    odd = (prompts.list.len() > 1) | (first.struct.field("role") != "user")
    if odd.any():
        message = f"{source.place()}: row {odd.arg_max()} of the column {prompts.name!r} is not one message of a user"
        raise ConfigError(message, hint="rows count from 0; a carrier's prompts have no system message and no history")
    return first.struct.field("content").rename(prompts.name)


def _hub(source: PromptSource) -> pl.LazyFrame:
    with needing(DATASETS):
        from datasets import Dataset, load_dataset
        from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of its HTTP library, whichever it is
        HfHubHTTPError,
        HTTPError,
    )

    try:
        loaded = load_dataset(source.hub, source.config, split=source.split, revision=source.revision)
    except (DatasetNotFoundError, ValueError) as error:
        message = f"{source.place()} cannot be read from the Hub: {first_line(error)}"
        raise ConfigError(message) from error
    except (HfHubHTTPError, HTTPError, OSError) as error:
        message = f"{source.place()} cannot be fetched: the Hugging Face Hub cannot be reached"
        raise PrerequisiteError(message, hint="give a Parquet or JSONL file with path instead") from error
    if not isinstance(loaded, Dataset):
        message = f"{source.place()}: {source.split} is not one split"
        raise ConfigError(message)
    return pl.LazyFrame(loaded.data.table)
