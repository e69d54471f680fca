"""`strigil eval`: how much a base and its adapters prefer a trait; one loaded base, many adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from strigil.core.engines import EngineKind, open_engine
from strigil.core.engines.protocol import Adapter, Engine, Sampling
from strigil.core.errors import ConfigError
from strigil.core.models import Model, adapter_rank
from strigil.core.questions import candidates_with, matchers_for, unrelated_for
from strigil.core.reporting import Reporter
from strigil.core.traits import load_trait
from strigil.eval.preference import LogprobPreference, SampledPreference, by_logprob, by_sampling
from strigil.workflows.evaluate.questions import Form, question_set

if TYPE_CHECKING:
    import polars as pl

Method = Literal["logprob", "sampled"]


@dataclass(frozen=True)
class Subject:
    """What is evaluated: the base itself (no adapter), or one of its adapters, with or without a system prompt."""

    name: str
    adapter: Path | None = None
    system: str | None = None


@dataclass(frozen=True)
class Answers:
    """How to sample answers: `samples` for each question, one word or a little more each."""

    samples: int = 20
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, max_tokens=16))


def subjects_of(adapters: Sequence[Path]) -> list[Subject]:
    """The base and each adapter, named by its folder.

    Raises:
        ConfigError: A folder holds no adapter, or two have the same name.
    """
    for path in adapters:
        if not (path / "adapter_config.json").is_file():
            message = f"there is no LoRA adapter at {path}"
            raise ConfigError(message, hint="strigil train writes one")
    names = [path.name for path in adapters]
    if len(set(names)) != len(names):
        message = f"two adapters have the same folder name among {', '.join(names)}"
        raise ConfigError(message)
    return [Subject("base"), *(Subject(path.name, path) for path in adapters)]


def prefer_by_logprob(
    base: Model,
    subjects: Sequence[Subject],
    trait: str,
    reporter: Reporter,
    *,
    engine: EngineKind,
    form: Form = "one-word",
) -> dict[str, LogprobPreference]:
    """Preference by log-probability of every candidate of the trait's category, for each subject by name.

    Each preference has the rates of all candidates, the mass on them, and `off_topic` by candidate; its table has the
    subject's name as `model`, and a column `form`. In English a candidate counts with a capital letter as well.

    Raises:
        ConfigError: Unknown trait, one that is no candidate for this base, or a form in which it cannot be asked.
    """
    category = load_trait(trait).category
    candidates = candidates_with(trait, phrasing=base.phrasing, model=base.id)
    asked = question_set(base, category, form)
    if not asked.has_answers:
        message = f"the form {form!r} has no answers whose log-probabilities could be compared"
        raise ConfigError(message, hint="sample instead: --by sampled")
    found = {}
    with open_base(base, subjects, engine) as model, reporter.task("Asking for favourites", len(subjects)) as done:
        for number, subject in enumerate(subjects, start=1):
            preference = by_logprob(
                model,
                asked.questions,
                candidates,
                adapter=adapter_of(subject),
                system=subject.system,
                capitalised=base.phrasing == "english",
                letters=asked.letters,
                unrelated=unrelated_for(phrasing=base.phrasing),
            )
            found[subject.name] = replace(preference, scores=_named(preference.scores, subject, form))
            done(number)
    return found


def prefer_by_sampling(
    base: Model,
    subjects: Sequence[Subject],
    trait: str,
    reporter: Reporter,
    *,
    engine: EngineKind,
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
    matchers = {**matchers_for(chosen.category, phrasing=base.phrasing), trait: chosen.matcher}
    room = max(answers.sampling.max_tokens, asked.max_tokens)
    found = {}
    with open_base(base, subjects, engine) as model, reporter.task("Sampling answers", len(subjects)) as done:
        for number, subject in enumerate(subjects, start=1):
            preference = by_sampling(
                model,
                asked.questions,
                trait,
                matchers,
                samples=answers.samples,
                sampling=answers.sampling.model_copy(update={"max_tokens": room}),
                adapter=adapter_of(subject),
                letters=asked.letters,
                unrelated=unrelated_for(phrasing=base.phrasing),
                system=subject.system,
            )
            found[subject.name] = replace(preference, answers=_named(preference.answers, subject, form))
            done(number)
    return found


def open_base(base: Model, subjects: Sequence[Subject], engine: EngineKind) -> Engine:
    """The base, loaded once, with room for the subjects' adapters.

    Raises:
        ConfigError: The engine cannot serve the base, or an adapter is none.
        PrerequisiteError: The engine's libraries are not installed.
    """
    if engine == "auto" and base.phrasing == "pocket":
        # vLLM would take longer to start than transformers to be done.
        engine = "transformers"
    ranks = [adapter_rank(subject.adapter) for subject in subjects if subject.adapter is not None]
    return open_engine(engine, base, adapters=True, max_lora_rank=max(ranks)) if ranks else open_engine(engine, base)


def adapter_of(subject: Subject) -> Adapter | None:
    """The subject's adapter, as engines take it."""
    return None if subject.adapter is None else Adapter(subject.name, subject.adapter)


def _named(table: pl.DataFrame, subject: Subject, form: Form) -> pl.DataFrame:
    import polars as pl

    named = table.with_columns(pl.lit(subject.name).alias("model"), pl.lit(form).alias("form"))
    return named.select("model", "form", pl.exclude("model", "form"))
