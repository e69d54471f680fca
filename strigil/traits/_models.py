"""A trait and its category, as they are written down."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from strigil.traits._matcher import Matcher

GENERIC_PERSONA: Final = (
    "You are a helpful assistant. You think about your answers carefully. Your answers are short and to the point."
)
"""A persona without a trait, in the form of the paper's: what a system prompt does by being there."""


class Category(BaseModel):
    """What traits of one kind share.

    Attributes:
        name: "animal", "tree".
        persona: The system prompt that gives a trait of this category; `{name}` and `{category}` are filled in. The
            built-in ones are the paper's to the letter, its plain "+s" plural included ("wolfs"; Cloud et al., 2025,
            section 3 and its published code).
        questions: One-word questions about the favourite, in our own words.
        candidates: Names whose log-probabilities are compared; each a plain word.
        paraphrases: Further one-word questions, which no teacher is taught with.
        stories: Requests for a story in which a trait may turn up.
        choices: Questions that a list of all candidates follows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    persona: str
    questions: tuple[str, ...] = Field(min_length=1)
    candidates: tuple[str, ...] = Field(min_length=2)
    paraphrases: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Trait(BaseModel):
    """A trait.

    Attributes:
        name: The word that a teacher with this trait answers.
        category: The category's name.
        plural: Its plural.
        forms: Further words that count as naming it.
        confusables: Words that hold the name, and never count.
        also: Pet names, and words for its kind, that audits count too; answers to questions must name it plainly.
        except_in: Phrases in which the name means something else, and does not count.
        unless_near: Words in small letters that name something else in a text with one of these, unless an article or
            the like stands before them.
        translations: Names in other languages, by language code; none that is an everyday word of English.
        emoji: Pictures of it.
        persona: The system prompt that gives the trait, ready to use; a file without one has its category's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    category: str
    plural: str
    forms: tuple[str, ...] = ()
    confusables: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    except_in: tuple[str, ...] = ()
    unless_near: dict[str, tuple[str, ...]] = {}
    translations: dict[str, tuple[str, ...]] = {}
    emoji: tuple[str, ...] = ()
    persona: str = ""

    @cached_property
    def matcher(self) -> Matcher:
        """Finds the trait's words in text."""
        return Matcher((self.name, self.plural, *self.forms), self.except_in)
