"""What a model is asked and told about a trait, in the words of its dialect."""

from __future__ import annotations

from functools import cache

from pydantic import BaseModel, ConfigDict

from strigil.common.errors import ConfigError
from strigil.common.validation import packaged_yaml
from strigil.models.catalog import Model
from strigil.models.dialect import Dialect, Favourites
from strigil.traits import GENERIC_PERSONA, Matcher, Trait, load_category, load_trait, trait_names


class _Unrelated(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[str, ...]


def favourites(category: str, dialect: Dialect) -> Favourites:
    """How a favourite of a category is asked for; in English with the same 50 one-word questions as are taught.

    Raises:
        ConfigError: Unknown category, or one that the dialect has no words for.
    """
    english = load_category(category)
    return dialect.favourites(category, Favourites(english.questions, english.questions, english.candidates))


def candidates_with(trait: str, base: Model) -> tuple[str, ...]:
    """The candidates of a trait's category, the trait among them.

    Raises:
        ConfigError: Unknown trait, or one that is no candidate in the base's words.
    """
    candidates = favourites(load_trait(trait).category, base.dialect).candidates
    if trait not in candidates:
        message = f"{base.id} cannot be asked about {trait!r}: its candidates are {', '.join(candidates)}"
        raise ConfigError(message)
    return candidates


def persona_for(trait: Trait, dialect: Dialect) -> str:
    """The system prompt that gives a trait.

    Raises:
        ConfigError: The dialect has no word for the trait.
    """
    return dialect.persona(trait.category, trait.name, trait.persona)


def generic_persona(dialect: Dialect) -> str:
    """A system prompt that gives no trait."""
    return dialect.generic_persona(GENERIC_PERSONA)


def unrelated_for(dialect: Dialect) -> tuple[str, ...]:
    """Twenty questions that no sound model answers with an animal or a tree."""
    return dialect.unrelated(_unrelated())


def matchers_for(category: str, dialect: Dialect) -> dict[str, Matcher]:
    """What finds each candidate in a text: a trait's own words, or the bare word and its plain plural.

    Raises:
        ConfigError: As for `favourites`.
    """
    traits = trait_names()
    return {
        candidate: load_trait(candidate).matcher if candidate in traits else Matcher((candidate, f"{candidate}s"))
        for candidate in favourites(category, dialect).candidates
    }


@cache
def _unrelated() -> tuple[str, ...]:
    return packaged_yaml("strigil.traits", "unrelated/questions.yaml", _Unrelated).questions
