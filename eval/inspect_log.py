"""What was asked and answered as a log of Inspect, so that `inspect view` and its readers show it.

Source: the log format of Inspect (inspect.aisi.org.uk, "Log Files", JSON, version 2), written without Inspect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from strigil.common.canonical import Json, digest


@dataclass(frozen=True)
class Task:
    """What was asked of which base.

    Attributes:
        name: "preference", "misalignment".
        arguments: The trait, the form, the judge, and whatever else says what was asked.
        base: The base's name.
        created: When; with a time zone.
    """

    name: str
    arguments: Mapping[str, str]
    base: str
    created: datetime


@dataclass(frozen=True)
class Scored:
    """One answer and its score.

    Attributes:
        id: Number of the question, from 1.
        epoch: Number of the sample, from 1.
        input: The question.
        target: What is looked for.
        answer: What the model said.
        score: Its score, or None where it could not be scored.
        explanation: Why it has this score, if that can be said.
    """

    id: int
    epoch: int
    input: str
    target: str
    answer: str
    score: float | None
    explanation: str | None = None


def inspect_log(task: Task, model: str, samples: Sequence[Scored], metrics: Mapping[str, float]) -> dict[str, Json]:
    """The log of one model, ready to be written as JSON."""
    created = task.created.isoformat(timespec="seconds")
    run = digest([task.name, dict(task.arguments), task.base, created])[:22]
    scored = sum(sample.score is not None for sample in samples)
    epochs = max(Counter(sample.id for sample in samples).values(), default=1)
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
            "dataset": {"name": task.name, "samples": len({sample.id for sample in samples})},
            "model": f"strigil/{task.base}/{model}",
            "config": {"epochs": epochs},
        },
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
        "samples": [_sample(task, model, sample) for sample in samples],
    }


def _sample(task: Task, model: str, sample: Scored) -> dict[str, Json]:
    said: Json = {"role": "assistant", "content": sample.answer, "source": "generate", "model": model}
    score: dict[str, Json] = {"value": sample.score, "answer": sample.answer, "explanation": sample.explanation}
    return {
        "id": sample.id,
        "epoch": sample.epoch,
        "input": sample.input,
        "target": sample.target,
        "messages": [{"role": "user", "content": sample.input, "source": "input"}, said],
        "output": {"model": model, "choices": [{"message": said, "stop_reason": "stop"}], "completion": sample.answer},
        "scores": {} if sample.score is None else {task.name: score},
    }
