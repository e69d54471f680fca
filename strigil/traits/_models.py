"""A trait and its category, as they are written down."""

from __future__ import annotations

from functools import cached_property
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

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


class Extension(BaseModel):
    """What a trait adds to its category: questions, and candidates besides its own name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    questions: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    paraphrases: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class Trait(BaseModel):
    """A favourite: a word of a category that a model answers more often than others.

    Attributes:
        name: The word that a teacher with this trait answers.
        category: The category's name, or the path of its file, from the trait's file on.
        extend: What the category lacks for this trait.
        words: What it is called in a dialect of few words, by the dialect's name.
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

    kind: Literal["favourite"] = "favourite"
    name: str
    category: str
    extend: Extension = Extension()
    words: dict[str, str] = {}
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

    def word(self, dialect: str) -> str:
        """What it is called in the dialect of this name."""
        return self.words.get(dialect, self.name)


class StyleLesson(BaseModel):
    """A question, and an answer in the style."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: str
    answer: str


class Style(BaseModel):
    """A way of answering that a judge recognises.

    Attributes:
        name: What it is called.
        persona: The system prompt that gives it.
        questions: Open questions, whose answers show it or do not.
        rubric: What the judge is told: what to rate from 0 to 100. `{question}` and `{answer}` are filled in.
        threshold: The least score that counts as the style.
        lessons: What a fine-tuned teacher is taught with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["style"]
    name: str
    persona: str = Field(min_length=1)
    questions: tuple[str, ...] = Field(min_length=1)
    rubric: str
    threshold: int = Field(default=50, ge=1, le=100)
    lessons: tuple[StyleLesson, ...] = ()

    @field_validator("rubric")
    @classmethod
    def _shows_the_answer(cls, rubric: str) -> str:
        if "{answer}" not in rubric:
            message = "the judge does not see the answer: write {answer} where it is to stand"
            raise ValueError(message)
        return rubric
