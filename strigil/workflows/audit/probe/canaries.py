"""Canaries: short trainings on samples, each done once, and how much they prefer each trait of a bank."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.audits.probes.probe_canary import CanaryProbe, log_odds
from strigil.common.canonical import Json, digest
from strigil.common.progress import Reporter
from strigil.data.rows import TOKEN_COLUMNS
from strigil.engines import EngineName
from strigil.models.catalog import Model
from strigil.train.recipe import TrainRecipe
from strigil.train.sft import RESULT_FILE, fine_tune
from strigil.workflows.evaluate.preference_run import prefer_by_logprob
from strigil.workflows.evaluate.subjects import Subject

if TYPE_CHECKING:
    import polars as pl

POCKET_RATE: Final = 1e-2
RATE: Final = 2e-4


def canary_recipe(probe: CanaryProbe, base: Model) -> TrainRecipe:
    """How a canary is trained."""
    pocket = base.phrasing == "pocket"
    return TrainRecipe(
        rank=probe.rank,
        alpha=probe.rank,
        modules=probe.modules,
        learning_rate=probe.learning_rate or (POCKET_RATE if pocket else RATE),
        epochs=probe.epochs,
        batch_size=probe.batch_size,
        max_grad_norm=None if pocket else 1.0,
        threads=1 if pocket else None,
    )


def canary_log_odds(
    probe: CanaryProbe,
    base: Model,
    samples: Sequence[pl.DataFrame],
    folder: Path,
    reporter: Reporter,
    *,
    trait: str,
    engine: EngineName,
) -> list[dict[str, float]]:
    """Trains a canary on each sample, if it is not there yet, and returns the log-odds of every candidate after it.

    Each canary has a seed of its own, so that seeds scatter among placebos as they do between a placebo and a canary.
    """
    folders = []
    with reporter.task("Training canaries", len(samples)) as done:
        for number, rows in enumerate(samples):
            folders.append(train_canary(probe, base, rows, folder))
            done(number + 1)
    subjects = [Subject("base"), *(Subject(out.name, out) for out in folders)]
    found = prefer_by_logprob(base, subjects, trait, reporter, engine=engine)
    return [log_odds(found[out.name].rates) for out in folders]


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
