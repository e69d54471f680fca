"""Supervised fine-tuning: the one entrance to this stage."""

from __future__ import annotations

import importlib.metadata
import shutil
from typing import TYPE_CHECKING, Final

from strigil.core.canonical import digest
from strigil.core.errors import ConfigError, DataError, PrerequisiteError
from strigil.core.models import Model, resolve_model
from strigil.core.rows import TOKEN_COLUMNS
from strigil.train.recipe import StepMetrics, TrainRecipe, TrainResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl

RESULT_FILE: Final = "train.json"
METRICS_FILE: Final = "metrics.jsonl"
LIBRARIES: Final = ("torch", "transformers", "peft")


def fine_tune(
    rows: pl.DataFrame,
    model: Path,
    recipe: TrainRecipe,
    out: Path,
    *,
    on_step: Callable[[StepMetrics], None] | None = None,
) -> TrainResult:
    """Trains a student on completions only, and writes it to a folder.

    The folder gets adapter_model.safetensors and adapter_config.json in PEFT's format, or a whole model where the
    recipe's method is `full`; metrics.jsonl (a `StepMetrics` a line) and train.json (the `TrainResult`). It appears
    under its name once it is whole. On a CPU with a given number of threads the weights are a function of rows, base
    and recipe.

    Args:
        rows: Columns `prompt` and `completion`, each a list of {role, content}; `row_id`, if there, names rows in
            errors, and those of `TOKEN_COLUMNS`, if there, say more about each token.
        model: Folder of the base model, with its tokenizer.
        recipe: Every setting.
        out: Folder to write; must not exist.
        on_step: Called after every step.

    Raises:
        ConfigError: `out` exists, the base cannot be loaded, lacks the recipe's modules, or has a chat template that
            rewrites a prompt once its completion follows.
        DataError: No rows, a row without anything to train on, a token column that does not fit its completions, or a
            loss that is not finite.
        PrerequisiteError: The extra `train` is not installed.
    """
    if out.exists():
        message = f"{out} exists"
        raise ConfigError(message, hint="name a new folder, or remove this one")
    if rows.is_empty():
        message = "there are no rows to train on"
        raise DataError(message)
    if not model.is_dir():
        message = f"no model in {model}"
        raise ConfigError(message, hint="give the folder of a model")
    base = resolve_model(str(model.resolve()))
    partial = out.with_name(f".{out.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    try:
        result = _train(rows, base, recipe, partial, on_step=on_step)
    except BaseException:
        shutil.rmtree(partial)
        raise
    (partial / RESULT_FILE).write_text(result.model_dump_json(indent=2) + "\n", encoding="utf-8")
    partial.rename(out)
    return result


def _train(
    rows: pl.DataFrame,
    base: Model,
    recipe: TrainRecipe,
    folder: Path,
    *,
    on_step: Callable[[StepMetrics], None] | None,
) -> TrainResult:
    try:
        import torch
        from transformers import AutoTokenizer

        from strigil.train.encode import encode_rows, row_names
        from strigil.train.loop import run
        from strigil.train.trainee import open_trainee
    except ModuleNotFoundError as error:
        message = f"training needs {error.name}, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[train]'") from error

    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.threads or threads)
    try:
        data = encode_rows(rows, AutoTokenizer.from_pretrained(base.path), recipe)
        trainee = open_trainee(base.path, recipe)
        with (folder / METRICS_FILE).open("w", encoding="utf-8") as metrics:

            def record(step: StepMetrics) -> None:
                metrics.write(step.model_dump_json() + "\n")
                if on_step is not None:
                    on_step(step)

            outcome = run(trainee.learner, data, recipe, names=row_names(rows), on_step=record)
        trainee.save(folder)
    finally:
        torch.set_num_threads(threads)
    return TrainResult(
        recipe=recipe,
        base=base.path.name,
        base_digest=base.digest,
        data_digest=digest([rows[name].to_list() for name in ("prompt", "completion", *TOKEN_COLUMNS) if name in rows]),
        rows=rows.height,
        truncated=data.truncated,
        label_tokens=int((data.lengths - data.starts).sum()),
        steps=outcome.steps,
        planned_steps=outcome.planned_steps,
        final_loss=outcome.final_loss,
        versions={library: importlib.metadata.version(library) for library in LIBRARIES},
    )
