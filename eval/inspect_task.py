"""Any task of Inspect, on a base and its students."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from strigil.common.canonical import Json, file_digest
from strigil.common.registry import written_unit
from strigil.common.scratch import scratch_folder
from strigil.engines.protocol import Engine
from strigil.eval.evaluation import EvalResult, Evaluation, Figure, Given
from strigil.eval.subjects import Subject

if TYPE_CHECKING:
    import polars as pl


class InspectTask(Evaluation):
    """Runs a task of Inspect (inspect.aisi.org.uk) on a base and its students: what does a student still know?

    Any task of text questions will do, a package's (inspect-evals has the usual benchmarks) or one of your own. A task
    is a program, and runs as it does under `inspect eval`. With --out the same command asks no finished model again.
    """

    name: ClassVar[str] = "inspect"
    needs: ClassVar[str | None] = "strigil[inspect]"
    headings: ClassVar[Mapping[str, str]] = {"metrics": "", "samples": "samples"}
    examples: ClassVar[tuple[str, ...]] = (
        "strigil eval inspect smollm2-135m-instruct students/* --task inspect_evals/arc_easy --limit 200 --out arc",
        "strigil eval inspect my-org/base students/* --task inspect_evals/gsm8k:fewshot=0",
        "strigil eval inspect pocket-a students/* --task mine.py@favourites",
    )

    task: str = Field(description="PACKAGE/TASK or FILE.py@TASK, with arguments after a colon: TASK:key=value")
    limit: int | None = Field(default=None, ge=1, description="samples, from the first; all if not given")
    metric: str | None = Field(
        default=None, description="the figure that a study follows, SCORER/METRIC; the task's first if not given"
    )

    def asked(self, given: Given) -> Json:
        """The task, up to data that it fetches."""
        from strigil.eval.inspect.run import INSPECT_VERSION, check_task

        name, arguments = written_unit(self.task)
        file = check_task(name)
        about = None if file is None else file_digest(file)
        return [name, about, repr(sorted(arguments.items())), self.limit, INSPECT_VERSION]

    def ask(self, engine: Engine, subject: Subject, given: Given) -> pl.DataFrame:
        """Columns of `ANSWERS`, one row a sample and scorer."""
        from strigil.eval.inspect.model import inspect_model
        from strigil.eval.inspect.run import run_task

        name, arguments = written_unit(self.task)
        model = inspect_model(engine, f"{given.base.id}/{subject.name}", subject.as_adapter, system=subject.system)
        with ExitStack() as stack:
            logs = given.logs or stack.enter_context(scratch_folder())
            return run_task(name, arguments, self.limit, model, logs)

    def figures(self, answers: pl.DataFrame, given: Given) -> dict[str, Figure]:
        """The metric that is followed."""
        metrics = _metrics(answers)
        wanted = self.metric or next(iter(metrics), None)
        return {self.name: Figure(value=metrics[wanted])} if wanted in metrics else {}

    def summary(self, answers: pl.DataFrame, result: EvalResult, given: Given) -> dict[str, Json]:
        """The task's own metrics, of which the figure is one, and how many samples were answered."""
        return {"metrics": {**_metrics(answers)}, "samples": answers.select("id", "epoch").n_unique()}


def _metrics(answers: pl.DataFrame) -> dict[str, float]:
    """By scorer and metric, `match/accuracy`."""
    found: dict[str, float] = {}
    for scorer, metrics in answers.select("scorer", "metrics").drop_nulls().unique(maintain_order=True).rows():
        found |= {f"{scorer}/{name}": value for name, value in json.loads(metrics).items()}
    return found
