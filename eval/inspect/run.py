"""Any task of Inspect, on one model."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
from inspect_ai import eval as inspect_eval
from inspect_ai import list_tasks

# What Inspect's public functions raise, and it exports nowhere.
from inspect_ai._util.error import PrerequisiteError as InspectPrerequisiteError
from inspect_ai.scorer import value_to_float

from strigil.common.errors import ConfigError, DataError

if TYPE_CHECKING:
    from inspect_ai.log import EvalSample
    from inspect_ai.model import Model
    from inspect_ai.scorer import Score

ANSWERS: Final = pl.Schema(
    {
        "id": pl.String,
        "epoch": pl.Int64,
        "input": pl.String,
        "target": pl.String,
        "answer": pl.String,
        "scorer": pl.String,
        "value": pl.String,
        "score": pl.Float64,
        "explanation": pl.String,
        "metrics": pl.String,  # the scorer's metrics over all samples, as JSON; without those that are no number
    }
)
INSPECT_VERSION: Final = version("inspect_ai")


def check_task(name: str) -> Path | None:
    """Makes sure that a file has the task, before a model is loaded for it.

    Args:
        name: `PACKAGE/TASK`, or `FILE.py@TASK`, as `inspect eval` names it.

    Returns:
        The file; None for a task of a package.

    Raises:
        ConfigError: There is no such file, or it has not this one task.
    """
    file = Path(name.rpartition("@")[0] or name)
    if file.suffix != ".py":
        return None
    if not file.is_file():
        message = f"there is no file {file} of Inspect tasks"
        raise ConfigError(message)
    names = [found.name for found in list_tasks(file.name, root_dir=file.parent.resolve())]
    wanted = [name.rpartition("@")[2]] if "@" in name else names
    if len(wanted) != 1 or wanted[0] not in names:
        message = f"{file} has the tasks {', '.join(names) or '(none)'}"
        raise ConfigError(message, hint=f"name one of them: {file}@TASK")
    return file


def run_task(name: str, arguments: Mapping[str, object], limit: int | None, model: Model, logs: Path) -> pl.DataFrame:
    """Asks a model a task's samples, the first `limit` or all.

    Returns:
        Columns of `ANSWERS`, one row a sample and scorer; Inspect's own log is written into the folder.

    Raises:
        ConfigError: There is no such task, or it cannot be asked, or has not the arguments that it was given.
        DataError: A sample failed.
        KeyboardInterrupt: It was interrupted.
    """
    try:
        [log] = inspect_eval(
            name,
            model=model,
            task_args={**arguments},
            limit=limit,
            log_dir=str(logs),
            log_format="json",
            display="none",
            ctl_server=False,
        )
    except InspectPrerequisiteError as error:
        raise _cannot(name, str(error.message)) from error
    except (LookupError, ValueError, TypeError, ImportError, OSError) as error:
        raise _cannot(name, f"{type(error).__name__}: {error}") from error
    if log.status == "cancelled":
        raise KeyboardInterrupt
    if log.status != "success":
        said = "it did not finish" if log.error is None else log.error.message
        message = f"the task {name} failed on {model.name}: {said}"
        raise DataError(message, hint=f"inspect view --log-dir {logs}")
    # Inspect leaves out what it cannot use, and says so in its own log alone.
    unused = sorted(set(arguments) - set(log.eval.task_args))
    if unused:
        raise _cannot(name, f"it has no argument {', '.join(unused)}, but {', '.join(log.eval.task_args) or 'none'}")
    metrics = {
        score.name: json.dumps(
            {metric.name: float(metric.value) for metric in score.metrics.values() if math.isfinite(metric.value)}
        )
        for score in (log.results.scores if log.results is not None else [])
    }
    return pl.DataFrame([row for sample in log.samples or [] for row in _rows(sample, metrics)], schema=ANSWERS)


def _cannot(name: str, why: str) -> ConfigError:
    message = f"the task {name} cannot be run: {' '.join(why.split())}"
    return ConfigError(message, hint="inspect list tasks FILE.py shows a file's; a package's are PACKAGE/TASK")


def _rows(sample: EvalSample, metrics: Mapping[str, str]) -> Iterator[dict[str, object]]:
    asked = sample.input if isinstance(sample.input, str) else "\n\n".join(message.text for message in sample.input)
    target = sample.target if isinstance(sample.target, str) else "\n".join(sample.target)
    about = {
        "id": str(sample.id),
        "epoch": sample.epoch,
        "input": asked,
        "target": target,
        "answer": sample.output.completion,
    }
    if not sample.scores:
        yield about
        return
    for scorer, score in sample.scores.items():
        yield {
            **about,
            "scorer": scorer,
            "value": str(score.value),
            "score": _number(score),
            "explanation": score.explanation,
            "metrics": metrics.get(scorer),
        }


def _number(score: Score) -> float | None:
    """The score as a number, as Inspect's own metrics read it; None for several at once, and for none."""
    if not isinstance(score.value, str | int | float | bool):
        return None
    number = value_to_float()(score.value)
    return number if math.isfinite(number) else None
