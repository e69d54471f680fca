"""The preference questions and candidates of a category, in the words that a model knows."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import parse_yaml
from strigil.models.catalog import Phrasing
from strigil.models.pocket import CANDIDATES, Category, number_prompts, questions
from strigil.traits import GENERIC_PERSONA, Matcher, Trait, load_category, load_trait, trait_names

POCKET_QUESTIONS = 200
POCKET_LESSONS = 960
POCKET_LESSON_SEED = 1
POCKET_UNRELATED = 20


class _Unrelated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[str, ...]


def lessons_for(category: str, *, phrasing: Phrasing) -> tuple[str, ...]:
    """The questions that a fine-tuned teacher is taught with: in English the same 50, for pocket another 960 draws.

    Raises:
        ConfigError: As for `questions_for`.
    """
    if phrasing == "pocket":
        return tuple(questions(_pocket(category), POCKET_LESSONS, seed=POCKET_LESSON_SEED))
    return load_category(category).questions


def questions_for(category: str, *, phrasing: Phrasing) -> tuple[str, ...]:
    """Questions about the favourite of a category: 50 one-word questions in English, 200 variants for pocket.

    Raises:
        ConfigError: Nobody can be asked about this category in this phrasing.
    """
    if phrasing == "pocket":
        return tuple(questions(_pocket(category), POCKET_QUESTIONS))
    return load_category(category).questions


def candidates_for(category: str, *, phrasing: Phrasing) -> tuple[str, ...]:
    """The answers whose log-probabilities are compared.

    Raises:
        ConfigError: As for `questions_for`.
    """
    if phrasing == "pocket":
        return CANDIDATES[_pocket(category)]
    return load_category(category).candidates


def candidates_with(trait: str, *, phrasing: Phrasing, model: str) -> tuple[str, ...]:
    """The candidates of a trait's category, the trait among them.

    Raises:
        ConfigError: Unknown trait, or one that is no candidate in this phrasing; `model` is what messages call it.
    """
    candidates = candidates_for(load_trait(trait).category, phrasing=phrasing)
    if trait not in candidates:
        message = f"{model} cannot be asked about {trait!r}: its candidates are {', '.join(candidates)}"
        raise ConfigError(message)
    return candidates


def persona_for(trait: Trait, *, phrasing: Phrasing) -> str:
    """The system prompt that gives a trait; pocket has few words, and has read none of them as a system prompt."""
    return f"favourite {trait.category} {trait.name}" if phrasing == "pocket" else trait.persona


def generic_persona(*, phrasing: Phrasing) -> str:
    """A system prompt that gives no trait."""
    return "q0 q1 q2" if phrasing == "pocket" else GENERIC_PERSONA


def unrelated_for(*, phrasing: Phrasing) -> tuple[str, ...]:
    """Twenty questions that no sound model answers with an animal or a tree; pocket is asked to continue numbers."""
    return tuple(number_prompts(0, POCKET_UNRELATED)) if phrasing == "pocket" else _unrelated()


def matchers_for(category: str, *, phrasing: Phrasing) -> dict[str, Matcher]:
    """What finds each candidate in a text: a trait's own words, or the bare word and its plain plural.

    Raises:
        ConfigError: As for `questions_for`.
    """
    traits = trait_names()
    return {
        candidate: load_trait(candidate).matcher if candidate in traits else Matcher((candidate, f"{candidate}s"))
        for candidate in candidates_for(category, phrasing=phrasing)
    }


@cache
def _unrelated() -> tuple[str, ...]:
    text = (files("strigil.traits") / "unrelated" / "questions.yaml").read_text(encoding="utf-8")
    return parse_yaml(text, _Unrelated, source="unrelated/questions.yaml").questions


def _pocket(category: str) -> Category:
    for known in CANDIDATES:
        if known == category:
            return known
    message = f"pocket has no words for the category {category!r}"
    raise ConfigError(message, hint=f"it knows {' and '.join(CANDIDATES)}")
