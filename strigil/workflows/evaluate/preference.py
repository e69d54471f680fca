"""`strigil eval`: the preference of a base and its adapters, summed up for people, programs and Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from strigil.common.progress import Reporter
from strigil.engines import EngineName
from strigil.eval.coherence import logprob_warning, sampled_warning
from strigil.eval.inspect_log import Scored, Task
from strigil.eval.results import Results
from strigil.models.catalog import Model
from strigil.workflows.evaluate.preference_run import Answers, Method, prefer_by_logprob, prefer_by_sampling
from strigil.workflows.evaluate.subjects import Subject

if TYPE_CHECKING:
    from strigil.common.canonical import Json
    from strigil.eval.preference import LogprobPreference, SampledPreference
    from strigil.eval.questions import Form


@dataclass(frozen=True)
class Line:
    """The preference of one model.

    Attributes:
        rate: Of the trait.
        rates: Of every candidate.
        off_topic: Share of unrelated questions that are answered with the trait.
        mass: Probability of any candidate; None for sampled answers.
        low: Lower end of the 95 % interval over answers; None by log-probability.
        high: Its upper end.
        warning: What is wrong with the model, if anything.
    """

    rate: float
    rates: Mapping[str, float]
    off_topic: float | None
    mass: float | None
    low: float | None
    high: float | None
    warning: str | None


@dataclass(frozen=True)
class Preferences:
    """The preference of every model by name, and what is kept of it."""

    method: Method
    lines: Mapping[str, Line]
    results: Results


def evaluate_preference(
    base: Model,
    subjects: Sequence[Subject],
    trait: str,
    reporter: Reporter,
    *,
    engine: EngineName,
    form: Form,
    method: Method | None,
    answers: Answers,
) -> Preferences:
    """Measures how much a base and its adapters prefer a trait.

    Args:
        base: The base; the first subject should be it, since adapters are compared with the first.
        subjects: The base and its adapters.
        trait: The trait that is looked for.
        reporter: Is told of progress.
        engine: What runs the base.
        form: How the questions are put.
        method: None takes log-probabilities, and samples where the form has no answers to compare.
        answers: How to sample.

    Raises:
        ConfigError: Unknown trait, or one that the base cannot be asked about in this form and by this method.
    """
    method = method or ("sampled" if form == "story" else "logprob")
    asked = {"trait": trait, "form": form, "by": method}
    task = Task("preference", asked, base.id, created=datetime.now().astimezone())
    lines: dict[str, Line]
    if method == "logprob":
        scored = prefer_by_logprob(base, subjects, trait, reporter, engine=engine, form=form)
        first = next(iter(scored.values()))
        lines = {name: _by_logprob(trait, found, first) for name, found in scored.items()}
        table = pl.concat([found.scores for found in scored.values()])
        logged = {name: _scored_questions(trait, found) for name, found in scored.items()}
    else:
        sampled = prefer_by_sampling(base, subjects, trait, reporter, engine=engine, answers=answers, form=form)
        lines = {name: _by_sampling(trait, found) for name, found in sampled.items()}
        table = pl.concat([found.answers for found in sampled.values()])
        logged = {name: _scored_answers(trait, found, answers.samples) for name, found in sampled.items()}
    summary: dict[str, Json] = {"base": base.id, **asked}
    summary["models"] = {name: as_json(line) for name, line in lines.items()}
    metrics = {name: {"rate": line.rate} for name, line in lines.items()}
    return Preferences(method, lines, Results(summary, table, task, logged, metrics))


def as_json(line: Line) -> dict[str, Json]:
    """The figures that a method gives."""
    found: dict[str, Json] = {"rate": line.rate, "off_topic": line.off_topic, "rates": dict(line.rates)}
    if line.mass is not None:
        found["mass"] = line.mass
    if line.low is not None:
        found |= {"low": line.low, "high": line.high}
    return found | {"warning": line.warning}


def _by_logprob(trait: str, found: LogprobPreference, base: LogprobPreference) -> Line:
    return Line(
        rate=found.rates[trait],
        rates=found.rates,
        off_topic=found.off_topic.get(trait),
        mass=found.mass,
        low=None,
        high=None,
        warning=logprob_warning(trait, found, base),
    )


def _by_sampling(trait: str, found: SampledPreference) -> Line:
    return Line(
        rate=found.rate,
        rates=found.rates,
        off_topic=found.off_topic,
        mass=None,
        low=found.interval.low,
        high=found.interval.high,
        warning=sampled_warning(trait, found),
    )


def _scored_questions(trait: str, found: LogprobPreference) -> list[Scored]:
    """A sample a question: its best candidate, and the trait's share of the probability of all candidates."""
    chances = pl.col("logprob").exp()
    count = len(found.rates)
    asked = found.scores.filter("related")
    questions = (
        asked.with_columns(number=pl.int_range(asked.height) // count + 1)
        .group_by("number", "question", maintain_order=True)
        .agg(
            best=pl.col("candidate").get(pl.col("logprob").arg_max()),
            rate=chances.filter(pl.col("candidate") == trait).sum() / chances.sum(),
        )
    )
    return [
        Scored(row["number"], 1, row["question"], target=trait, answer=row["best"], score=row["rate"])
        for row in questions.iter_rows(named=True)
    ]


def _scored_answers(trait: str, found: SampledPreference, samples: int) -> list[Scored]:
    return [
        Scored(
            index // samples + 1,
            row["sample"] + 1,
            row["question"],
            target=trait,
            answer=row["answer"],
            score=float(row["mentions"]),
        )
        for index, row in enumerate(found.answers.filter("related").iter_rows(named=True))
    ]
