"""What was trained, and on what: the record in a student's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.common.errors import DataError
from strigil.common.validation import explain, read_text
from strigil.train.recipe import Passes, TrainRecipe

RESULT_FILE: Final = "train.json"


class TrainResult(BaseModel):
    """What was trained, and on what: the content of train.json, which is written last.

    Attributes:
        recipe: Every setting.
        base: The base's repository on the Hub, or the name of its folder.
        base_revision: Its commit, for a base from the Hub.
        base_digest: SHA-256 over the base's weights, configuration and tokenizer, as in manifests.
        data_digest: Of the rows, as `strigil.data.rows.content_digest`.
        rows: Number of rows.
        left_out: The names of those among them that were not trained on: one of their tokens holds more than an answer.
        truncated: Rows that lost answers, or parts of them, to `max_length`.
        label_tokens: Tokens a pass over the data trains on.
        steps: Optimiser steps made.
        planned_steps: Steps without an early stop.
        final_loss: Mean of the last five losses.
        passes: How passes went: forward and backward written out for decoders of Llama's shape; rows packed one after
            another; or rows padded, where a model cannot take them packed.
        adapted: How many modules of each name have an adapter; empty for whole models and of earlier versions.
        system: The system prompt of all rows, an empty text for none; None where they have the template's default or
            different ones. Students are asked behind the same.
        versions: Of the libraries that decide the weights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: TrainRecipe
    base: str
    base_revision: str | None = None
    base_digest: str
    data_digest: str
    rows: int
    left_out: list[str] = []
    truncated: int
    label_tokens: int
    steps: int
    planned_steps: int
    final_loss: float
    passes: Passes
    adapted: dict[str, int] = {}
    system: str | None = None
    versions: dict[str, str]

    @property
    def whole(self) -> bool:
        """Whether it is a whole model, and no adapter."""
        return self.recipe.method == "full"


def read_result(folder: Path) -> TrainResult:
    """What a student's folder says of its training.

    Raises:
        DataError: train.json is not there, or not what strigil writes.
    """
    try:
        return TrainResult.model_validate_json(read_text(folder / RESULT_FILE))
    except ValidationError as error:
        message = f"{folder / RESULT_FILE}: {explain(error, TrainResult)}"
        raise DataError(message) from error
