"""`strigil eval`: evaluations of a base and its students, summed up for people, programs and Inspect."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from strigil.common.canonical import Json
from strigil.common.progress import Reporter
from strigil.engines import EngineName
from strigil.eval.evaluation import Evaluation, Given
from strigil.eval.results import write_results
from strigil.eval.subjects import Subject
from strigil.workflows.evaluate.jobs import EvalJob, answers_of, eval_jobs, evaluate


@dataclass(frozen=True)
class Summary:
    """What one evaluation found of every model, by name; each has a `warning`, null for a sound model."""

    evaluation: Evaluation
    given: Given
    models: dict[str, dict[str, Json]]


def run_evaluations(
    evaluations: Sequence[Evaluation],
    subjects: Sequence[Subject],
    reporter: Reporter,
    *,
    engine: EngineName,
    traits: Sequence[str] = (),
    out: Path | None = None,
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

    Raises:
        StrigilError: As for `eval_jobs` and `evaluate`.
    """
    with ExitStack() as stack:
        kept = (
            out / "kept" if out is not None else Path(stack.enter_context(TemporaryDirectory(prefix="strigil-eval-")))
        )
        logs = None if out is None else out / "logs"
        jobs = eval_jobs(evaluations, subjects, traits=traits, logs=logs)
        results = evaluate(jobs, kept, reporter, engine=engine)
        bases = {(id(job.evaluation), job.subject.base.digest): results[job.key] for job in jobs if job.subject.is_base}

        def summed_up(job: EvalJob) -> dict[str, Json]:
            result = results[job.key]
            base = bases.get((id(job.evaluation), job.subject.base.digest))
            warning = job.evaluation.warning(result, base, job.subject, job.given)
            return {**job.evaluation.summary(result, job.given), "warning": warning}

        found = []
        for unit in evaluations:
            own = [job for job in jobs if job.evaluation is unit]
            found.append(Summary(unit, own[0].given, {job.subject.name: summed_up(job) for job in own}))
            if out is not None and logs is not None:
                answers = {job.subject.name: answers_of(job, kept) for job in own}
                place = out if len(evaluations) == 1 else out / unit.name
                write_results(unit, own[0].given, answers, found[-1].models, place, logs)
    return found
