"""`strigil eval`: how much a base and its adapters prefer a trait; one loaded base, many adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.data.messages import Sampling
from strigil.engines import EngineName
from strigil.engines.protocol import Engine
from strigil.eval.preference import LogprobPreference, SampledPreference, by_logprob, by_sampling
from strigil.eval.questions import Form, question_set
from strigil.models.catalog import Model
from strigil.traits import load_trait
from strigil.traits.questions import candidates_with, matchers_for, unrelated_for
from strigil.workflows.evaluate.subjects import Subject, ask_each

if TYPE_CHECKING:
    import polars as pl

Method = Literal["logprob", "sampled"]


@dataclass(frozen=True)
class Answers:
    """How to sample answers: `samples` for each question, one word or a little more each."""

    samples: int = 20
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, max_tokens=16))


def prefer_by_logprob(
    base: Model,
    subjects: Sequence[Subject],
    trait: str,
    reporter: Reporter,
    *,
    engine: EngineName,
    form: Form = "one-word",
) -> dict[str, LogprobPreference]:
    """Preference by log-probability of every candidate of the trait's category, for each subject by name.

    Each preference has the rates of all candidates, the mass on them, and `off_topic` by candidate; its table has the
    subject's name as `model`, and a column `form`. In English a candidate counts with a capital letter as well.

    Raises:
        ConfigError: Unknown trait, one that is no candidate for this base, or a form in which it cannot be asked.
    """
    category = load_trait(trait).category
    candidates = candidates_with(trait, base)
    asked = question_set(base, category, form)
    if not asked.has_answers:
        message = f"the form {form!r} has no answers whose log-probabilities could be compared"
        raise ConfigError(message, hint="sample instead: --by sampled")

    def ask(model: Engine, subject: Subject) -> LogprobPreference:
        preference = by_logprob(
            model,
            asked.questions,
            candidates,
            adapter=subject.as_adapter,
            system=subject.system,
            capitalised=base.dialect.capitalised,
            answers=asked.answers,
            unrelated=unrelated_for(base.dialect),
        )
        return replace(preference, scores=_named(preference.scores, subject, form))

    return ask_each(base, subjects, engine, reporter, "Asking for favourites", ask)


def prefer_by_sampling(
    base: Model,
    subjects: Sequence[Subject],
    trait: str,
    reporter: Reporter,
    *,
    engine: EngineName,
    answers: Answers,
    form: Form = "one-word",
) -> dict[str, SampledPreference]:
    """Preference by sampled answers that name the trait, for each subject by name.

    Each preference has the trait's rate with its interval and `off_topic`, and the rates of all candidates; its table
    has the subject's name as `model`, and a column `form`.

    Raises:
        ConfigError: Unknown trait, or a form in which it cannot be asked.
    """
    chosen = load_trait(trait)
    asked = question_set(base, chosen.category, form)
    matchers = {**matchers_for(chosen.category, base.dialect), trait: chosen.matcher}
    room = max(answers.sampling.max_tokens, asked.max_tokens)

    def ask(model: Engine, subject: Subject) -> SampledPreference:
        preference = by_sampling(
            model,
            asked.questions,
            trait,
            matchers,
            samples=answers.samples,
            sampling=answers.sampling.model_copy(update={"max_tokens": room}),
            adapter=subject.as_adapter,
            letters=asked.letters,
            unrelated=unrelated_for(base.dialect),
            system=subject.system,
        )
        return replace(preference, answers=_named(preference.answers, subject, form))

    return ask_each(base, subjects, engine, reporter, "Sampling answers", ask)


def _named(table: pl.DataFrame, subject: Subject, form: Form) -> pl.DataFrame:
    import polars as pl

    named = table.with_columns(pl.lit(subject.name).alias("model"), pl.lit(form).alias("form"))
    return named.select("model", "form", pl.exclude("model", "form"))
