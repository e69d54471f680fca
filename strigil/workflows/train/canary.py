"""A canary: a short training on a sample, done once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strigil.audits.probes.probe_canary import CanaryProbe
from strigil.common.canonical import Json, digest
from strigil.data.rows import TOKEN_COLUMNS
from strigil.models.catalog import Model
from strigil.train.recipe import TrainRecipe
from strigil.train.result import RESULT_FILE
from strigil.train.sft import fine_tune

if TYPE_CHECKING:
    import polars as pl


def canary_recipe(probe: CanaryProbe, base: Model) -> TrainRecipe:
    """How a canary is trained."""
    own = {} if probe.learning_rate is None else {"learning_rate": probe.learning_rate}
    sizes = probe.model_dump(include={"rank", "modules", "epochs", "batch_size"})
    return TrainRecipe.model_validate({**base.dialect.training["canary"], "alpha": probe.rank, **sizes, **own})


def train_canary(probe: CanaryProbe, base: Model, rows: pl.DataFrame, folder: Path) -> Path:
    """Trains a canary on rows, if it is not there yet, and returns its own folder below this one."""
    recipe = canary_recipe(probe, base)
    identity = digest([_content(rows), base.digest, recipe.model_dump(mode="json"), probe.seed])
    out = folder / f"canary-{identity[:16]}"
    if not (out / RESULT_FILE).exists():
        seeded = recipe.model_copy(update={"seed": int(identity[:6], 16) + probe.seed})
        fine_tune(rows, base.path, seeded, out)
    return out


def _content(rows: pl.DataFrame) -> Json:
    """What training reads of rows: a treatment changes it, and keeps their ids."""
    columns = ["row_id", "prompt", "completion", *(name for name in TOKEN_COLUMNS if name in rows.columns)]
    return [rows[name].to_list() for name in columns]
