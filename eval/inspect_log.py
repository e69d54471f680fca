"""What was asked and answered as a log of Inspect, so that `inspect view` and its readers show it.

Source: the log format of Inspect (inspect.aisi.org.uk, "Log Files", JSON, version 2), written without Inspect.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from strigil.common.canonical import Json, digest

if TYPE_CHECKING:
    import polars as pl

    from strigil.eval.evaluation import Evaluation, Given


def inspect_log(
    unit: Evaluation, given: Given, created: datetime, model: str, answers: pl.DataFrame, summary: Mapping[str, Json]
) -> dict[str, Json]:
    """The log of one model, ready to be written as JSON.

    Args:
        unit: What was asked.
        given: Of which base, and with which traits.
        created: When, with a time zone.
        model: The model's name.
        answers: As `Evaluation.scored` gives them.
        summary: The model's figures; numbers become metrics.
    """
    about, time = unit.about(given), created.isoformat(timespec="seconds")
    run = digest([unit.name, about, given.base.id, time])[:22]
    samples = _samples(unit.name, given.traits[0] if unit.about_traits else unit.rate_name, model, answers)
    epochs = 1 if "sample" not in answers.columns else answers["sample"].n_unique()
    metrics = {key: value for key, value in summary.items() if isinstance(value, float)}
    return {
        "version": 2,
        "status": "success",
        "eval": {
            "run_id": run,
            "eval_id": digest([run, model])[:22],
            "created": time,
            "task": unit.name,
            "task_id": digest([unit.name, about])[:22],
            "task_args": about,
            "dataset": {"name": unit.name, "samples": len(samples) // epochs},
            "model": f"strigil/{given.base.id}/{model}",
            "config": {"epochs": epochs},
        },
        # Who reads headers alone wants these two.
        "plan": {"name": "strigil", "steps": []},
        "stats": {"started_at": time, "completed_at": time},
        "results": {
            "total_samples": len(samples),
            "completed_samples": len(samples),
            "scores": [
                {
                    "name": unit.name,
                    "scorer": unit.name,
                    "scored_samples": answers["score"].count(),
                    "unscored_samples": answers["score"].null_count(),
                    "metrics": {name: {"name": name, "value": value} for name, value in metrics.items()},
                }
            ],
        },
        "samples": samples,
    }


def _samples(name: str, target: str, model: str, answers: pl.DataFrame) -> list[Json]:
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
                "target": target,
                "messages": [{"role": "user", "content": row["question"], "source": "input"}, said],
                "output": {
                    "model": model,
                    "choices": [{"message": said, "stop_reason": "stop"}],
                    "completion": row["answer"],
                },
                "scores": {} if row["score"] is None else {name: score},
            }
        )
    return samples
