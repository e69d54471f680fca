"""`strigil eval`: evaluations of a base and its students, summed up for people, programs and Inspect."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import polars as pl

from strigil.common.canonical import Json
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder
from strigil.data.parquet import write_parquet
from strigil.engines import EngineName
from strigil.eval.evaluation import Evaluation, Given
from strigil.eval.inspect_log import inspect_log
from strigil.eval.subjects import Subject
from strigil.records.spent import Price, Spent, total
from strigil.workflows.evaluate.evaluating import evaluate
from strigil.workflows.evaluate.jobs import answers_of, eval_jobs

_LOGGED: Final = {"question", "answer", "score"}


@dataclass(frozen=True)
class Summary:
    """What one evaluation found of every model, by name; each has a `warning`, null for a sound model.

    `spent` is what asking all of them took, and `judging` what the judge took; None without a judge.
    """

    evaluation: Evaluation
    given: Given
    models: dict[str, dict[str, Json]]
    spent: Spent
    judging: Spent | None


def run_evaluations(
    evaluations: Sequence[Evaluation],
    subjects: Sequence[Subject],
    reporter: Reporter,
    *,
    engine: EngineName,
    traits: Sequence[str] = (),
    out: Path | None = None,
    price: Price | None = None,
) -> list[Summary]:
    """Evaluates a base and its students.

    Args:
        evaluations: What to ask; several are asked through one loaded base.
        subjects: The base and its students.
        reporter: Is told of progress.
        engine: What runs the base, and a judge that is loaded here.
        traits: What evaluations about traits look for.
        out: Receives all answers, a summary and logs, of several evaluations in a folder each; the same command asks
            nobody again. None keeps nothing.
        price: What the models are paid by.

    Raises:
        StrigilError: As for `eval_jobs` and `evaluate`.
    """
    with ExitStack() as stack:
        kept = out / "kept" if out is not None else stack.enter_context(scratch_folder())
        jobs = eval_jobs(evaluations, subjects, traits=traits, logs=None if out is None else out / "logs")
        results = evaluate(jobs, kept, reporter, engine=engine)
        found = []
        for unit in evaluations:
            own = [job for job in jobs if job.evaluation is unit]
            base = next((results[job.key] for job in own if job.subject.is_base), None)
            answers = {job.subject.name: answers_of(job, kept) for job in own}
            models: dict[str, dict[str, Json]] = {}
            judge = unit.judged_by
            # Models that are the same by several names were asked once.
            asking = {job.asked: results[job.key].spent.at(price) for job in own}
            rating = {job.key: results[job.key].judging.at(judge.paid_by(price)) for job in own if judge is not None}
            for job in own:
                result, name = results[job.key], job.subject.name
                warning = unit.warning(result, base, job.subject, job.given)
                models[name] = {
                    **unit.summary(answers[name], result, job.given),
                    "system": job.subject.system,
                    "spent": asking[job.asked].model_dump(mode="json"),
                    **({"judging": rating[job.key].model_dump(mode="json")} if rating else {}),
                    "warning": warning,
                }
            judging = total([*rating.values()]) if rating else None
            found.append(Summary(unit, own[0].given, models, total([*asking.values()]), judging))
            if out is not None:
                _write(found[-1], answers, out if len(evaluations) == 1 else out / unit.name, out / "logs")
    return found


def _write(found: Summary, answers: Mapping[str, pl.DataFrame], out: Path, logs: Path) -> None:
    """`answers.parquet`, a log for each model, and `summary.json`, the summary last."""
    unit, given, created = found.evaluation, found.given, datetime.now().astimezone()
    tables = [table.select(pl.lit(name).alias("model"), pl.all()) for name, table in answers.items()]
    write_parquet(pl.concat(tables), out / "answers.parquet")
    # Logs are named as Inspect names them, by time and task, or it would not list them; those of earlier runs stay.
    time = created.isoformat(timespec="seconds").replace(":", "-")
    for name, table in answers.items():
        scored = unit.scored(table, given)
        if set(scored.columns) >= _LOGGED:
            log = inspect_log(unit, given, created, name, scored, found.models[name])
            _write_json(log, logs / f"{time}_{unit.name}_{name}.json")
    _write_json({"base": given.base.id, **unit.about(given), "models": {**found.models}}, out / "summary.json")


def _write_json(value: Json, path: Path) -> None:
    write_out(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
