"""What an evaluation leaves on disk: a table, a summary, and logs that `inspect view` shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import polars as pl

from strigil.common.canonical import Json
from strigil.common.files import write_out
from strigil.data.parquet import write_parquet
from strigil.eval.evaluation import Evaluation, Given
from strigil.eval.inspect_log import Task, inspect_log

_LOGGED = {"question", "answer", "score"}


def write_results(
    unit: Evaluation,
    given: Given,
    answers: Mapping[str, pl.DataFrame],
    models: Mapping[str, dict[str, Json]],
    out: Path,
    logs: Path,
) -> None:
    """Writes `answers.parquet`, a log for each model, and `summary.json`, the summary last.

    Logs are named as Inspect names them, by time and task, or it would not list them; those of earlier runs stay.

    Args:
        unit: What was asked.
        given: Of which base.
        answers: By the model's name.
        models: What is printed of each.
        out: Folder for the table and the summary.
        logs: Folder for the logs.

    Raises:
        ConfigError: A folder cannot be written.
        DataError: The table cannot be written.
    """
    write_parquet(
        pl.concat(table.select(pl.lit(name).alias("model"), pl.all()) for name, table in answers.items()),
        out / "answers.parquet",
    )
    about, created = unit.about(given), datetime.now().astimezone()
    target = given.traits[0] if unit.about_traits else unit.rate_name
    task = Task(unit.name, about, target, given.base.id, created)
    time = created.isoformat(timespec="seconds").replace(":", "-")
    for name, table in answers.items():
        scored = unit.scored(table, given)
        if set(scored.columns) >= _LOGGED:
            metrics = {key: value for key, value in models[name].items() if isinstance(value, float)}
            _write_json(inspect_log(task, name, scored, metrics), logs / f"{time}_{unit.name}_{name}.json")
    _write_json({"base": given.base.id, **about, "models": {**models}}, out / "summary.json")


def _write_json(value: Json, path: Path) -> None:
    write_out(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
