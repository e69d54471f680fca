"""`strigil eval`: how much a base and its adapters prefer a trait; one loaded base, many adapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from strigil.core.engines import EngineKind, open_engine
from strigil.core.engines.protocol import Adapter, Engine, Sampling
from strigil.core.errors import ConfigError
from strigil.core.models import Model, adapter_rank
from strigil.core.questions import candidates_with, questions_for
from strigil.core.reporting import Reporter
from strigil.core.traits import load_trait
from strigil.eval.preference import LogprobPreference, SampledPreference, by_logprob, by_sampling

Method = Literal["logprob", "sampled"]


@dataclass(frozen=True)
class Subject:
    """What is evaluated: the base itself (no adapter), or one of its adapters."""

    name: str
    adapter: Path | None = None


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
    base: Model, subjects: Sequence[Subject], trait: str, reporter: Reporter, *, engine: EngineKind
) -> dict[str, LogprobPreference]:
    """Preference by log-probability of every candidate of the trait's category, for each subject by name.

    Raises:
        ConfigError: Unknown trait, or one that is no candidate for this base.
    """
    category = load_trait(trait).category
    questions = questions_for(category, phrasing=base.phrasing)
    candidates = candidates_with(trait, phrasing=base.phrasing, model=base.id)
    found = {}
    with _open(base, subjects, engine) as model, reporter.task("Asking for favourites", len(subjects)) as done:
        for number, subject in enumerate(subjects, start=1):
            found[subject.name] = by_logprob(model, questions, candidates, adapter=_adapter(subject))
            done(number)
    return found


def prefer_by_sampling(
    base: Model, subjects: Sequence[Subject], trait: str, reporter: Reporter, *, engine: EngineKind, answers: Answers
) -> dict[str, SampledPreference]:
    """Preference by sampled answers that name the trait, for each subject by name.

    Raises:
        ConfigError: Unknown trait.
    """
    chosen = load_trait(trait)
    questions = questions_for(chosen.category, phrasing=base.phrasing)
    found = {}
    with _open(base, subjects, engine) as model, reporter.task("Sampling answers", len(subjects)) as done:
        for number, subject in enumerate(subjects, start=1):
            found[subject.name] = by_sampling(
                model,
                questions,
                chosen.matcher,
                samples=answers.samples,
                sampling=answers.sampling,
                adapter=_adapter(subject),
            )
            done(number)
    return found


def _open(base: Model, subjects: Sequence[Subject], engine: EngineKind) -> Engine:
    if engine == "auto" and base.phrasing == "pocket":
        # vLLM would take longer to start than transformers to be done.
        engine = "transformers"
    ranks = [adapter_rank(subject.adapter) for subject in subjects if subject.adapter is not None]
    return open_engine(engine, base, adapters=True, max_lora_rank=max(ranks)) if ranks else open_engine(engine, base)


def _adapter(subject: Subject) -> Adapter | None:
    return None if subject.adapter is None else Adapter(subject.name, subject.adapter)
