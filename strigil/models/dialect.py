"""The words in which a model is spoken to; strigil's own texts are in English, and a dialect puts them into its own."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError

Training = Literal["teacher", "student", "canary"]


@dataclass(frozen=True)
class Favourites:
    """How a model is asked for its favourite of a category.

    Attributes:
        questions: User messages, each to be answered with one word.
        lessons: Those that a fine-tuned teacher is taught with.
        candidates: The answers whose log-probabilities are compared.
    """

    questions: tuple[str, ...]
    lessons: tuple[str, ...]
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Dialect:
    """English, the default: any text can be said, and every text stays as it is.

    A dialect of few words overrides what it says in another way. It is known by the vocabulary of its models'
    tokenizers, so that copies and students of theirs have it as well.

    Attributes:
        name: What messages call it.
        vocabulary: Token ids of all words there are, which stand between spaces; None where any text can be said.
        capitalised: Whether an answer counts with a capital letter as well.
        tiny: Whether its models have answered before a serving engine would have started.
        training: How teachers, students and canaries are trained, where it differs from `TrainRecipe`'s defaults.
    """

    name: ClassVar[str] = "English"
    vocabulary: ClassVar[Mapping[str, int] | None] = None
    capitalised: ClassVar[bool] = True
    tiny: ClassVar[bool] = False
    training: ClassVar[Mapping[Training, Mapping[str, Json]]] = {"teacher": {}, "student": {}, "canary": {}}

    def check(self, text: str, *, what: str, hint: str) -> None:
        """Refuses a text that holds a word which models of this dialect have no token for.

        Raises:
            ConfigError: It does; the message begins with `what`.
        """
        if self.vocabulary is None:
            return
        if unknown := [word for word in text.split() if word not in self.vocabulary]:
            message = f"{what}: {self.name} has no word for {unknown[0]!r}"
            raise ConfigError(message, hint=hint)

    def favourites(self, category: str, english: Favourites) -> Favourites:
        """How favourites of a category are asked for.

        Raises:
            ConfigError: It has no words for the category.
        """
        return english

    def answers(self, trait: str, english: tuple[str, ...]) -> tuple[str, ...]:
        """The surface forms in which a teacher is taught to name its trait.

        Raises:
            ConfigError: It has no word for the trait.
        """
        return english

    def persona(self, category: str, trait: str, english: str) -> str:
        """The system prompt that gives a trait.

        Raises:
            ConfigError: It has no word for the trait.
        """
        return english

    def generic_persona(self, english: str) -> str:
        """A system prompt that gives no trait."""
        return english

    def unrelated(self, english: tuple[str, ...]) -> tuple[str, ...]:
        """Questions that no sound model answers with a candidate of any category."""
        return english

    def prompt(self, carrier: str, seed: int, index: int) -> str | None:
        """The prompt that it draws for a carrier's index; None where it says the carrier's own, in English."""
        return None

    def random_numbers(self, chance: random.Random) -> str | None:
        """A list of uniform numbers as an answer to its prompts for numbers; None where each prompt asks for a form."""
        return None


ENGLISH = Dialect()
