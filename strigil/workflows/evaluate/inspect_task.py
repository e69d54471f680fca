"""`strigil eval inspect`: any task of Inspect, on a base and its adapters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

from strigil.common.canonical import Json, digest, file_digest
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Reporter
from strigil.common.registry import written_unit
from strigil.engines.protocol import Engine
from strigil.eval.inspect_log import Task
from strigil.eval.results import Results
from strigil.models.catalog import Model
from strigil.workflows.evaluate.subjects import Subject, ask_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strigil.engines import EngineName
    from strigil.eval.inspect_task import TaskScores, TaskSpec


@dataclass(frozen=True)
class TaskResults:
    """What every model reached, by name, and what is kept of it."""

    models: Mapping[str, TaskScores]
    results: Results


def evaluate_task(
    base: Model,
    subjects: Sequence[Subject],
    written: str,
    reporter: Reporter,
    *,
    engine: EngineName,
    limit: int | None = None,
    logs: Path | None = None,
) -> TaskResults:
    """Asks a base and its adapters the samples of a task of Inspect.

    Args:
        base: The base.
        subjects: The base and its adapters.
        written: `PACKAGE/TASK` or `FILE.py@TASK`, with arguments of the task after a colon: `gsm8k:fewshot=0`.
        reporter: Is told of progress.
        engine: What runs the base.
        limit: How many samples, from the first; None is all.
        logs: Folder for Inspect's logs: a model that has a finished log of this task there is not asked again.

    Raises:
        ConfigError: There is no such task, or it asks for what engines do not give.
        DataError: A sample failed.
        PrerequisiteError: Inspect, or an engine's libraries, are not installed.
    """
    with _installed():
        from strigil.eval.inspect_model import inspect_model
        from strigil.eval.inspect_task import TaskSpec, check_task, kept_scores, run_task
    name, arguments = written_unit(written)
    task = TaskSpec(name, arguments, limit)
    check_task(task)
    keys = {subject.name: _key(base, subject, task) for subject in subjects}
    with ExitStack() as stack:
        folder = logs or Path(stack.enter_context(TemporaryDirectory(prefix="strigil-inspect-")))
        kept = {subject.name: kept_scores(task, keys[subject.name], folder) for subject in subjects}

        def ask(model: Engine, subject: Subject) -> TaskScores:
            asked = inspect_model(model, f"{base.id}/{subject.name}", subject.as_adapter)
            return run_task(task, asked, key=keys[subject.name], logs=folder)

        todo = [subject for subject in subjects if kept[subject.name] is None]
        asked = ask_each(base, todo, engine, reporter, f"Asking {name}", ask) if todo else {}
    models = {subject.name: kept[subject.name] or asked[subject.name] for subject in subjects}
    said: dict[str, str] = {"task": written, "limit": "none" if limit is None else str(limit)}
    summary: dict[str, Json] = {"base": base.id, **said}
    summary["models"] = {name: as_json(one) for name, one in models.items()}
    results = Results(
        summary=summary,
        table=pl.concat(one.answers.select(pl.lit(name).alias("model"), pl.all()) for name, one in models.items()),
        task=Task("inspect", said, base.id, created=datetime.now().astimezone()),
        # Inspect wrote their logs itself.
        samples={},
        metrics={name: one.metrics for name, one in models.items()},
    )
    return TaskResults(models, results)


def as_json(one: TaskScores) -> dict[str, Json]:
    """The task's own metrics, and the number of samples."""
    return {"metrics": dict(one.metrics), "samples": one.samples}


def _key(base: Model, subject: Subject, task: TaskSpec) -> str:
    """What determines a model's answers, up to the engine's last bits and data that the task fetches."""
    file = None if task.file is None else file_digest(task.file)
    asked = [task.name, file, repr(sorted(task.arguments.items())), task.limit, version("inspect_ai")]
    return digest([base.digest, subject.weights, subject.system, *asked])


@contextmanager
def _installed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        message = f"tasks of Inspect need {error.name}, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[inspect]'") from error
