"""What each model of a study answers, measured once and kept: rates of the study's traits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from strigil.common.canonical import Json, digest
from strigil.common.errors import DataError, StrigilError
from strigil.common.progress import Reporter
from strigil.common.validation import load_yaml
from strigil.engines import EngineName
from strigil.eval.questions import question_set
from strigil.models.catalog import Model
from strigil.traits import load_trait
from strigil.traits.questions import candidates_with
from strigil.workflows.evaluate.preference_run import Answers, prefer_by_logprob, prefer_by_sampling
from strigil.workflows.evaluate.subjects import Subject
from strigil.workflows.study.recipe import Evaluation

_AT_ONCE = 16
"""Models asked through one loaded base before their answers are written: what a killed study asks again."""


class Measure(BaseModel):
    """The answers of one model.

    Attributes:
        key: Identity of model, questions and method.
        rates: Rate of each candidate by log-probability; by sampling, of each trait of the study.
        masses: By log-probability: total probability of the candidates, under the name of each.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["strigil.measure/1"] = "strigil.measure/1"
    key: str
    rates: dict[str, float]
    masses: dict[str, float]


@dataclass(frozen=True)
class Asked:
    """One model of a study that is asked, and the base that it comes from."""

    base: Model
    subject: Subject

    @property
    def name(self) -> str:
        """What the study calls it."""
        return self.subject.name


@dataclass(frozen=True)
class Questions:
    """What is asked of every model, and how."""

    traits: tuple[str, ...]
    evaluation: Evaluation
    engine: EngineName

    def key(self, asked: Asked) -> str:
        """Identity of one model's answers: other weights, questions or another method are another cell.

        Raises:
            ConfigError: A trait is unknown, or the model cannot be asked about it.
        """
        method = self.evaluation.model_dump(mode="json")
        return digest([asked.base.digest, asked.subject.weights, asked.subject.system, method, self._about(asked.base)])

    def _about(self, base: Model) -> Json:
        """All that the traits are asked about in a base's words; by sampling each trait has questions of its own."""
        asked: dict[str, Json] = {}
        for trait in sorted(self.traits):
            category = load_trait(trait).category
            candidates = candidates_with(trait, base)
            questions = question_set(base, category, self.evaluation.form).questions
            asked[trait if self.evaluation.by == "sampled" else category] = [list(questions), list(candidates)]
        return asked


def known(folder: Path, key: str) -> Measure | None:
    """The answers that were measured before."""
    file = _file(folder, key)
    return load_yaml(file, Measure) if file.exists() else None


def ask(
    asked: Mapping[str, Asked],
    questions: Questions,
    folder: Path,
    reporter: Reporter,
    *,
    on_failed: Callable[[Asked, StrigilError], None],
) -> dict[str, Measure]:
    """Measures every model that was not measured before, and returns the answers by key.

    Args:
        asked: Models by key, as `Questions.key` gives them.
        questions: What to ask.
        folder: Where answers are kept; each is written whole.
        reporter: Is told of progress.
        on_failed: Is told of each model that cannot be measured; the others go on.
    """
    found = {key: measure for key in asked if (measure := known(folder, key)) is not None}
    todo = [(key, model) for key, model in asked.items() if key not in found]
    folder.mkdir(parents=True, exist_ok=True)
    for base in {model.base.digest: model.base for _, model in todo}.values():
        of_base = [(key, model) for key, model in todo if model.base.digest == base.digest]
        for start in range(0, len(of_base), _AT_ONCE):
            part = of_base[start : start + _AT_ONCE]
            for key, measure in _ask_some(base, part, questions, reporter, on_failed).items():
                _write(folder, measure)
                found[key] = measure
    return found


def _ask_some(
    base: Model,
    asked: Sequence[tuple[str, Asked]],
    questions: Questions,
    reporter: Reporter,
    on_failed: Callable[[Asked, StrigilError], None],
) -> dict[str, Measure]:
    try:
        return _ask_all(base, asked, questions, reporter)
    except StrigilError as error:
        if len(asked) == 1:
            on_failed(asked[0][1], error)
            return {}
    found: dict[str, Measure] = {}
    for one in asked:
        found |= _ask_some(base, [one], questions, reporter, on_failed)
    return found


def _ask_all(
    base: Model, asked: Sequence[tuple[str, Asked]], questions: Questions, reporter: Reporter
) -> dict[str, Measure]:
    subjects = [replace(model.subject, name=key) for key, model in asked]
    rates: dict[str, dict[str, float]] = {key: {} for key, _ in asked}
    masses: dict[str, dict[str, float]] = {key: {} for key, _ in asked}
    for trait in _one_a_category(questions):
        if questions.evaluation.by == "sampled":
            answers = Answers(samples=questions.evaluation.samples)
            sampled = prefer_by_sampling(
                base,
                subjects,
                trait,
                reporter,
                engine=questions.engine,
                answers=answers,
                form=questions.evaluation.form,
            )
            for key, answered in sampled.items():
                rates[key][trait] = answered.rate
            continue
        preferred = prefer_by_logprob(
            base, subjects, trait, reporter, engine=questions.engine, form=questions.evaluation.form
        )
        for key, preference in preferred.items():
            rates[key] |= preference.rates
            masses[key] |= dict.fromkeys(preference.rates, preference.mass)
    for key, model in asked:
        if not all(math.isfinite(value) for value in (*rates[key].values(), *masses[key].values())):
            message = f"{model.name} gives answers whose probability is not a number: its weights are broken"
            raise DataError(message)
    return {key: Measure(key=key, rates=rates[key], masses=masses[key]) for key, _ in asked}


def _one_a_category(questions: Questions) -> list[str]:
    """By sampling every trait is asked for; by log-probability one call gives all candidates of its category."""
    if questions.evaluation.by == "sampled":
        return list(questions.traits)
    return list({load_trait(trait).category: trait for trait in questions.traits}.values())


def _file(folder: Path, key: str) -> Path:
    return folder / f"{key[:20]}.json"


def _write(folder: Path, measure: Measure) -> None:
    file = _file(folder, measure.key)
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(measure.model_dump_json(indent=2) + "\n", encoding="utf-8")
    temporary.replace(file)
