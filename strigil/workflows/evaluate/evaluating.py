"""Evaluations of bases and their students: each is asked once, and what is known is not asked again.

A killed run goes on from what is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from strigil.common.canonical import digest
from strigil.common.errors import ConfigError, DataError, StrigilError
from strigil.common.files import write_out
from strigil.common.progress import Reporter
from strigil.data.parquet import write_parquet
from strigil.engines import AskedEngine, engine_by_name, engine_of, open_engine
from strigil.engines.metered import Metered
from strigil.engines.protocol import Engine
from strigil.eval.evaluation import EvalResult
from strigil.models.catalog import Model, adapter_rank
from strigil.records.spent import NOTHING, kept_with, spent_in
from strigil.workflows.evaluate.jobs import EvalJob, answers_of, file_of, known_result
from strigil.workflows.evaluate.ledger import Ledger

OnFailed: TypeAlias = Callable[[EvalJob, StrigilError], None]


def _every(job: EvalJob) -> bool:
    del job
    return True


def evaluate(
    jobs: Sequence[EvalJob],
    folder: Path,
    reporter: Reporter,
    *,
    engine: AskedEngine,
    on_failed: OnFailed | None = None,
    claim: Callable[[EvalJob], bool] = _every,
) -> dict[str, EvalResult]:
    """Finds what is not known yet. Each model is loaded once, for all of its adapters and of all evaluations.

    Models are unloaded before a judge is loaded: memory holds one of them, and vLLM can run one in a process.

    Args:
        jobs: Of any evaluations, bases and students.
        folder: What is kept.
        reporter: Is told of progress.
        engine: What runs the models, and a judge that is loaded here.
        on_failed: Is told of each job that fails, while the others go on; None: the first one ends it all.
        claim: Says which jobs are to be done here, where other processes do some of them.

    Returns:
        The results by key, in the order of the jobs, without those that failed or are done elsewhere.

    Raises:
        ConfigError: The engine cannot serve a model, or an adapter is none.
        DataError: A model's figures are no numbers, or a judge's replies give none.
        PrerequisiteError: An engine's libraries are not installed, or no server answers.
    """
    known = {job.key: known_result(folder, job.key) for job in jobs}
    todo = list({job.key: job for job in jobs if known[job.key] is None}.values())
    failed: set[str] = set()
    here: dict[str, bool] = {}

    def mine(job: EvalJob) -> bool:
        if job.key not in here:
            here[job.key] = claim(job)
        return here[job.key]

    def fail(job: EvalJob, error: StrigilError) -> None:
        if on_failed is None:
            raise error
        failed.add(job.key)
        on_failed(job, error)

    _ask(todo, folder, reporter, engine, fail, mine)
    todo = [job for job in todo if mine(job)]
    _rate([job for job in todo if job.key not in failed], folder, reporter, engine, fail)
    for job in todo:
        if job.key not in failed:
            try:
                known[job.key] = _found(job, folder)
            except StrigilError as error:
                fail(job, error)
    return {key: result for key, result in known.items() if result is not None}


def _ask(
    jobs: Sequence[EvalJob],
    folder: Path,
    reporter: Reporter,
    engine: AskedEngine,
    fail: OnFailed,
    mine: Callable[[EvalJob], bool],
) -> None:
    todo = [job for job in jobs if not file_of(job, folder, rated=False).exists()]
    by_model: dict[str, list[EvalJob]] = {}
    for job in todo:
        by_model.setdefault(job.subject.model.digest, []).append(job)
    if todo:
        with reporter.task("Asking", len(todo)) as done:
            asked = 0
            for waiting in by_model.values():
                while _first_of(waiting, mine) is not None:
                    for job in _ask_until_one_fails(waiting, folder, engine, fail, mine):
                        asked += 1
                        done(asked, job.subject.name)


def _first_of(waiting: list[EvalJob], mine: Callable[[EvalJob], bool]) -> EvalJob | None:
    """The first job that is to be done here; those before it are taken from the list."""
    while waiting and not mine(waiting[0]):
        waiting.pop(0)
    return waiting[0] if waiting else None


def _ask_until_one_fails(
    waiting: list[EvalJob],
    folder: Path,
    engine: AskedEngine,
    fail: OnFailed,
    mine: Callable[[EvalJob], bool],
) -> Iterator[EvalJob]:
    """Asks through one loaded model, takes from the list what it is done with, and yields what was asked."""
    now: EvalJob | None = None
    try:
        ranks = []
        for now in waiting:
            ranks += [] if now.subject.adapter is None else [adapter_rank(now.subject.adapter)]
        now = None
        scores = any(job.evaluation.reads_logprobs for job in waiting)
        with _open(waiting[0].subject.model, ranks, engine, scores=scores) as loaded:
            metered = Metered(loaded)
            while (now := _first_of(waiting, mine)) is not None:
                file = file_of(now, folder, rated=False)
                # Two judges may want the same answers.
                if not file.exists():
                    metered.lap()
                    answers = now.evaluation.ask(metered, now.subject, now.given)
                    write_parquet(answers, file, metadata=kept_with(metered.lap()))
                yield waiting.pop(0)
    except StrigilError as error:
        for job in [job for job in waiting if mine(job)] if now is None else [now]:
            fail(job, error)
            waiting.remove(job)


def _open(model: Model, ranks: Sequence[int], engine: AskedEngine, *, scores: bool) -> Engine:
    """The model, loaded once, with room for adapters of these ranks."""
    engine = engine_of(engine)
    if engine.name == "auto" and model.dialect.tiny:
        engine = engine_by_name("transformers")
    chosen = engine.chosen()
    if scores and "scores" not in chosen.can:
        message = f"the engine {chosen.name} gives no log-probabilities, which this evaluation is made of"
        raise ConfigError(message, hint="sample answers instead (--by sampled), or use --engine transformers")
    return open_engine(engine, model, adapters=True, max_lora_rank=max(ranks)) if ranks else open_engine(engine, model)


def _rate(jobs: Sequence[EvalJob], folder: Path, reporter: Reporter, engine: AskedEngine, fail: OnFailed) -> None:
    """Has answers rated that are not yet, those of all models together: equal ones are rated once."""
    alike: dict[str, list[EvalJob]] = {}
    for job in jobs:
        if job.bench is not None and not file_of(job, folder).exists():
            alike.setdefault(digest([job.bench.key, job.evaluation.model_dump(mode="json")]), []).append(job)
    for same in alike.values():
        try:
            _rate_together(same, folder, reporter, engine)
        except StrigilError as error:
            for job in same:
                fail(job, error)


def _rate_together(jobs: Sequence[EvalJob], folder: Path, reporter: Reporter, engine: AskedEngine) -> None:
    import polars as pl

    unit, bench = jobs[0].evaluation, jobs[0].bench
    if bench is None:
        return
    answers = [pl.read_parquet(file_of(job, folder, rated=False)) for job in jobs]
    every = pl.concat(table.with_columns(_job=pl.lit(place)) for place, table in enumerate(answers))
    replies = folder / f"{bench.key}.jsonl"
    counts = {job.key: len(table) for job, table in zip(jobs, answers, strict=True)}
    ledger = Ledger(folder / f"{bench.key}.spent.jsonl", replies=replies, answers=counts)
    with bench.open(engine) as judge, reporter.task("Judging", len(every)) as done:
        rated = unit.rate(every, ledger.counted(judge), replies, lambda share: done(share * len(every)))
    shares = ledger.shares()
    for place, job in enumerate(jobs):
        of_job = rated.filter(_job=place).drop("_job")
        write_parquet(of_job, file_of(job, folder), metadata=kept_with(shares[job.key]))


def _found(job: EvalJob, folder: Path) -> EvalResult:
    answers = answers_of(job, folder)
    figures = job.evaluation.figures(answers, job.given)
    numbers = [number for figure in figures.values() for number in figure.model_dump().values() if number is not None]
    if not all(map(math.isfinite, numbers)):
        message = f"{job.subject.name} gives answers whose probability is not a number: its weights are broken"
        raise DataError(message)
    result = EvalResult(
        key=job.key,
        evaluation=job.evaluation.spec(),
        figures=figures,
        spent=spent_in(file_of(job, folder, rated=False)),
        judging=NOTHING if job.bench is None else spent_in(file_of(job, folder)),
    )
    write_out(folder / f"{job.key[:20]}.json", result.model_dump_json(indent=2) + "\n")
    return result
