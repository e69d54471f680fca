"""The preference questions and candidates of a category, in the words that a model knows."""

from __future__ import annotations

from strigil.core.errors import ConfigError
from strigil.core.models import Phrasing
from strigil.core.pocket import CANDIDATES, Category, questions
from strigil.core.traits import load_category

POCKET_QUESTIONS = 200
POCKET_LESSONS = 960
POCKET_LESSON_SEED = 1


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


def _pocket(category: str) -> Category:
    for known in CANDIDATES:
        if known == category:
            return known
    message = f"pocket has no words for the category {category!r}"
    raise ConfigError(message, hint=f"it knows {' and '.join(CANDIDATES)}")
