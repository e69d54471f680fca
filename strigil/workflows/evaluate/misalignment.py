"""`strigil eval misalignment`: free answers of a base and its adapters, rated by a judge model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from strigil.common.canonical import Json, digest
from strigil.common.progress import Reporter
from strigil.common.validation import validate
from strigil.data.parquet import write_parquet
from strigil.engines import EngineName, open_engine
from strigil.engines.protocol import Engine
from strigil.eval.inspect_log import Scored, Task
from strigil.eval.misalignment import (
    ALIGNMENT_AT_MOST,
    COHERENCY_AT_LEAST,
    JUDGING,
    Judge,
    Misalignment,
    judge_answers,
    protocol,
    sample_answers,
    summed_up,
)
from strigil.eval.results import Results
from strigil.models.catalog import Model, resolve_model
from strigil.workflows.evaluate.preference_run import Answers
from strigil.workflows.evaluate.subjects import Subject, ask_each


@dataclass(frozen=True)
class JudgeChoice:
    """The judge.

    Attributes:
        model: Its name.
        urls: OpenAI-compatible servers that hold it; none for a model that is loaded here.
        engine: What runs it where it is loaded here.
    """

    model: str
    urls: tuple[str, ...] = ()
    engine: EngineName = "auto"


@dataclass(frozen=True)
class Misalignments:
    """The misalignment of every model by name, and what is kept of it."""

    models: Mapping[str, Misalignment]
    results: Results


def evaluate_misalignment(
    base: Model,
    subjects: Sequence[Subject],
    judge: JudgeChoice,
    reporter: Reporter,
    *,
    engine: EngineName,
    answers: Answers,
    near: bool,
    kept: Path | None = None,
) -> Misalignments:
    """Asks eight open questions, and has the answers rated.

    The base is unloaded before the judge is loaded: memory holds one of them, and vLLM can run one in a process.

    Args:
        base: The base.
        subjects: The base and its adapters.
        judge: What rates their answers.
        reporter: Is told of progress.
        engine: What runs the base.
        answers: How to sample.
        near: Whether a suffix asks for a format near that of number data.
        kept: Folder for answers and ratings: no model is asked again, whoever the judge is, and no judge about an
            answer that it rated.

    Raises:
        ConfigError: The base cannot be asked, or there is no such judge.
        DataError: The judge gives no score at all.
        PrerequisiteError: An engine's libraries are not installed, or no server answers.
    """
    what, hint = f"{base.id} cannot be asked open questions", "evaluate a language model: smollm2-135m-instruct"
    base.dialect.check(next(iter(protocol().questions.values())), what=what, hint=hint)
    # Found before anything is sampled: a judge that does not exist is no reason to wait.
    bench = _bench(judge)
    asked = _answers(base, subjects, reporter, engine=engine, answers=answers, near=near, kept=kept)
    every = pl.concat(asked)
    replies = None if kept is None else kept / f"{bench.key}.jsonl"
    with bench.open() as judging, reporter.task("Judging", 2 * len(every)) as done:
        table = judge_answers(judging, every, done, kept=replies)
    models = {
        subject.name: summed_up(table.filter(pl.col("model") == subject.name)["verdict"].to_list())
        for subject in subjects
    }
    said: dict[str, str] = {"judge": judge.model, "suffix": "words" if near else "none"}
    summary: dict[str, Json] = {"base": base.id, **said, "samples": answers.samples}
    summary |= {"alignment_at_most": ALIGNMENT_AT_MOST, "coherency_at_least": COHERENCY_AT_LEAST}
    summary["models"] = {name: as_json(found) for name, found in models.items()}
    results = Results(
        summary=summary,
        table=table,
        task=Task("misalignment", said, base.id, created=datetime.now().astimezone()),
        samples={name: _scored(table.filter(pl.col("model") == name), answers.samples) for name in models},
        metrics={
            name: {"misaligned": found.interval.estimate} if found.interval else {} for name, found in models.items()
        },
    )
    return Misalignments(models, results)


def as_json(found: Misalignment) -> dict[str, Json]:
    """The share with its interval, null where nothing could be scored, and the counts."""
    interval = found.interval
    counts: dict[str, Json] = {str(kind): count for kind, count in found.counts.items()}
    return {
        "rate": None if interval is None else interval.estimate,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "answers": sum(found.counts.values()),
        "counts": counts,
    }


@dataclass(frozen=True)
class _Bench:
    """A judge that there is.

    Attributes:
        key: Identity of its replies.
        open: Loads or reaches it.
    """

    key: str
    open: Callable[[], AbstractContextManager[Judge]]


def _bench(choice: JudgeChoice) -> _Bench:
    """The judge, found and not yet loaded.

    Raises:
        ConfigError: There is no such model, or a URL is none.
        PrerequisiteError: The model must be fetched first.
    """
    if choice.urls:
        from strigil.engines.server import ServerChoice
        from strigil.engines.server.chat import ChatServer

        servers = validate({"name": "server", "urls": choice.urls}, ServerChoice, source="the judge's server")
        key = _judge_key(choice.model)
        return _Bench(key, lambda: nullcontext(ChatServer(servers, choice.model)))
    model = resolve_model(choice.model)
    return _Bench(_judge_key(model.digest), lambda: open_engine(choice.engine, model))


def _judge_key(weights: str) -> str:
    """A judge's replies are those of its weights, or of a server's model by its name; the questions are with each."""
    return f"judge-{digest([weights, JUDGING.model_dump(mode='json')])[:20]}"


def _answers(
    base: Model,
    subjects: Sequence[Subject],
    reporter: Reporter,
    *,
    engine: EngineName,
    answers: Answers,
    near: bool,
    kept: Path | None,
) -> list[pl.DataFrame]:
    files = {
        subject.name: None if kept is None else kept / f"{_key(base, subject, answers, near=near)}.parquet"
        for subject in subjects
    }
    found = {name: pl.read_parquet(file) for name, file in files.items() if file is not None and file.is_file()}

    def ask(model: Engine, subject: Subject) -> pl.DataFrame:
        table = sample_answers(
            model,
            name=subject.name,
            adapter=subject.as_adapter,
            samples=answers.samples,
            sampling=answers.sampling,
            near=near,
            system=subject.system,
        )
        if (file := files[subject.name]) is not None:
            write_parquet(table, file)
        return table

    todo = [subject for subject in subjects if subject.name not in found]
    if todo:
        found |= ask_each(base, todo, engine, reporter, "Sampling answers", ask)
    return [found[subject.name] for subject in subjects]


def _key(base: Model, subject: Subject, answers: Answers, *, near: bool) -> str:
    """What determines a model's answers, up to the engine's last bits."""
    sampling = answers.sampling.model_dump(mode="json")
    texts = protocol().model_dump(mode="json", include={"questions", "suffix"})
    asked = [subject.name, subject.weights, subject.system]
    return digest([base.digest, *asked, answers.samples, sampling, near, texts])[:20]


def _scored(table: pl.DataFrame, samples: int) -> list[Scored]:
    return [
        Scored(
            index // samples + 1,
            row["sample"] + 1,
            row["prompt"],
            target="misaligned",
            answer=row["answer"],
            score={"misaligned": 1.0, "aligned": 0.0}.get(row["verdict"]),
            explanation=f"{row['verdict']}: alignment {row['alignment']}, coherency {row['coherency']}",
        )
        for index, row in enumerate(table.iter_rows(named=True))
    ]
