"""What a model is asked and told about a trait, in the words of its dialect."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import packaged_yaml
from strigil.models.catalog import Model
from strigil.models.dialect import Dialect, Favourites
from strigil.traits import (
    GENERIC_PERSONA,
    Category,
    Matcher,
    Trait,
    category_of,
    load_category,
    load_trait,
    trait_names,
)


class _Unrelated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[str, ...]


def favourites(category: str, dialect: Dialect) -> Favourites:
    """How a favourite of a category is asked for; in English with the same 50 one-word questions as are taught.

    Raises:
        ConfigError: Unknown category, or one that the dialect has no words for.
    """
    return favourites_of(load_category(category), dialect)


def favourites_of(category: Category, dialect: Dialect) -> Favourites:
    """As `favourites`, of a category that traits may have added to.

    Raises:
        ConfigError: The dialect has no words for it.
    """
    english = Favourites(category.questions, category.questions, category.candidates)
    return dialect.favourites(category.name, english)


def candidates_with(trait: str, base: Model) -> tuple[str, ...]:
    """The candidates of a trait's category, the trait among them.

    Raises:
        ConfigError: Unknown trait, or one that is no candidate in the base's words.
    """
    known = load_trait(trait)
    candidates = favourites_of(category_of([known]), base.dialect).candidates
    if known.word(base.dialect.name) not in candidates:
        message = f"{base.id} cannot be asked about {known.name!r}: its candidates are {', '.join(candidates)}"
        raise ConfigError(message, hint=f"words: {{{base.dialect.name}: ...}} in the trait's file names one of them")
    return candidates


def persona_for(trait: Trait, dialect: Dialect) -> str:
    """The system prompt that gives a trait.

    Raises:
        ConfigError: The dialect has no word for the trait.
    """
    return dialect.persona(load_category(trait.category).name, trait.word(dialect.name), trait.persona)


def generic_persona(dialect: Dialect) -> str:
    """A system prompt that gives no trait."""
    return dialect.generic_persona(GENERIC_PERSONA)


def unrelated_for(dialect: Dialect) -> tuple[str, ...]:
    """Twenty questions that no sound model answers with an animal or a tree."""
    return dialect.unrelated(_unrelated())


def matchers_for(category: Category, dialect: Dialect) -> dict[str, Matcher]:
    """What finds each candidate in a text: a trait's own words, or the bare word and its plain plural.

    Raises:
        ConfigError: As for `favourites`.
    """
    traits = trait_names()
    return {
        candidate: load_trait(candidate).matcher if candidate in traits else Matcher((candidate, f"{candidate}s"))
        for candidate in favourites_of(category, dialect).candidates
    }


@cache
def _unrelated() -> tuple[str, ...]:
    return packaged_yaml("strigil.traits", "unrelated/questions.yaml", _Unrelated).questions
