"""What was asked and answered as a log of Inspect, so that `inspect view` and its readers show it.

Source: the log format of Inspect (inspect.aisi.org.uk, "Log Files", JSON, version 2), written without Inspect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from strigil.common.canonical import Json, digest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Task:
    """What was asked of which base.

    Attributes:
        name: The evaluation's.
        arguments: The trait, the form, the judge, and whatever else says what was asked.
        target: What is looked for.
        base: The base's name.
        created: When; with a time zone.
    """

    name: str
    arguments: Mapping[str, Json]
    target: str
    base: str
    created: datetime


def inspect_log(task: Task, model: str, answers: pl.DataFrame, metrics: Mapping[str, float]) -> dict[str, Json]:
    """The log of one model, ready to be written as JSON.

    Args:
        task: What was asked.
        model: The model's name.
        answers: `question, answer, score`, and `sample` from 0 and `explanation` where there are.
        metrics: The model's figures.
    """
    created = task.created.isoformat(timespec="seconds")
    run = digest([task.name, dict(task.arguments), task.base, created])[:22]
    samples = _samples(task, model, answers)
    scored = answers["score"].count()
    epochs = 1 if "sample" not in answers.columns else answers["sample"].n_unique()
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "run_id": run,
            "eval_id": digest([run, model])[:22],
            "created": created,
            "task": task.name,
            "task_id": digest([task.name, dict(task.arguments)])[:22],
            "task_args": dict(task.arguments),
            "dataset": {"name": task.name, "samples": len(samples) // epochs},
            "model": f"strigil/{task.base}/{model}",
            "config": {"epochs": epochs},
        },
        # Who reads headers alone wants these two.
        "plan": {"name": "strigil", "steps": []},
        "stats": {"started_at": created, "completed_at": created},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [
                {
                    "name": task.name,
                    "scorer": task.name,
                    "scored_samples": scored,
                    "unscored_samples": len(samples) - scored,
                    "metrics": {name: {"name": name, "value": value} for name, value in metrics.items()},
                }
            ],
        },
        "samples": samples,
    }


def _samples(task: Task, model: str, answers: pl.DataFrame) -> list[Json]:
    samples: list[Json] = []
    number = 0
    for row in answers.iter_rows(named=True):
        epoch = row.get("sample", 0) + 1
        # Questions may be worded alike: their first answers tell them apart.
        number += epoch == 1
        said: Json = {"role": "assistant", "content": row["answer"], "source": "generate", "model": model}
        score = {"value": row["score"], "answer": row["answer"], "explanation": row.get("explanation")}
        samples.append(
            {
                "id": number,
                "epoch": epoch,
                "input": row["question"],
                "target": task.target,
                "messages": [{"role": "user", "content": row["question"], "source": "input"}, said],
                "output": {
                    "model": model,
                    "choices": [{"message": said, "stop_reason": "stop"}],
                    "completion": row["answer"],
                },
                "scores": {} if row["score"] is None else {task.name: score},
            }
        )
    return samples
