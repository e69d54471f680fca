"""What an evaluation leaves on disk: a table, a summary, and logs that `inspect view` shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strigil.common.canonical import Json
from strigil.common.files import write_out
from strigil.data.parquet import write_parquet
from strigil.eval.inspect_log import Scored, Task, inspect_log

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Results:
    """An evaluation's findings.

    Attributes:
        summary: What was asked, and the figures of each model.
        table: One row a model, question and sample; by log-probability one a model, question and candidate.
        task: What was asked, as Inspect's logs say it.
        samples: What each model answered, by its name.
        metrics: The figures of each model, by its name.
    """

    summary: dict[str, Json]
    table: pl.DataFrame
    task: Task
    samples: Mapping[str, Sequence[Scored]]
    metrics: Mapping[str, Mapping[str, float]]


def write_results(results: Results, out: Path) -> None:
    """Writes `answers.parquet`, a log for each model in `logs/`, and `summary.json` into a folder, the summary last.

    Logs are named as Inspect names them, by time and task, or it would not list them; those of earlier runs stay.

    Raises:
        ConfigError: The folder cannot be written.
        DataError: The table cannot be written.
    """
    write_parquet(results.table, out / "answers.parquet")
    time = results.task.created.isoformat(timespec="seconds").replace(":", "-")
    for name, samples in results.samples.items():
        log = inspect_log(results.task, name, samples, results.metrics[name])
        _write_json(log, out / "logs" / f"{time}_{results.task.name}_{name}.json")
    _write_json(results.summary, out / "summary.json")


def _write_json(value: Json, path: Path) -> None:
    write_out(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
