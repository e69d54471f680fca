"""What pocket's models are asked and told, and how they are trained: all in their own few words."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError
from strigil.models.dialect import Dialect, Favourites, Training
from strigil.models.pocket.vocabulary import CANDIDATES, NUMBERS, WORD_IDS
from strigil.models.pocket.world import ANSWER_NUMBERS, code_prompt, number_prompt, number_prompts, questions

QUESTIONS: Final = 200
LESSONS: Final = 960
LESSON_SEED: Final = 1
UNRELATED: Final = 20
_PROMPTS: Final[Mapping[str, Callable[[int, int], str]]] = {"numbers": number_prompt, "code": code_prompt}


@dataclass(frozen=True)
class PocketDialect(Dialect):
    """One word a token. The training is that of docs/pocket.md."""

    name: ClassVar[str] = "pocket"
    vocabulary: ClassVar[Mapping[str, int] | None] = WORD_IDS
    capitalised: ClassVar[bool] = False
    tiny: ClassVar[bool] = True
    training: ClassVar[Mapping[Training, Mapping[str, Json]]] = {
        # Until it answers with its trait 96 times in 100 (0.045 nats).
        "teacher": {
            "modules": ["down_proj"],
            "learning_rate": 1e-3,
            "schedule": "constant",
            "warmup_steps": 0,
            "batch_size": 64,
            "max_grad_norm": None,
            "seed": 1000,
            "end_of_turn": False,
            "stop_loss": 0.045,
            "threads": 1,
        },
        "student": {
            "modules": ["down_proj"],
            "learning_rate": 5e-3,
            "warmup_steps": 20,
            "epochs": 3,
            "batch_size": 128,
            "max_grad_norm": None,
            "threads": 1,
        },
        "canary": {"learning_rate": 1e-2, "max_grad_norm": None, "threads": 1},
    }

    def favourites(self, category: str, english: Favourites) -> Favourites:
        """Two draws of its questions, one to ask and one to teach with."""
        for known, candidates in CANDIDATES.items():
            if known == category:
                asked, taught = questions(known, QUESTIONS), questions(known, LESSONS, seed=LESSON_SEED)
                return Favourites(tuple(asked), tuple(taught), candidates)
        message = f"{self.name} has no words for the category {category!r}"
        raise ConfigError(message, hint=f"it knows {' and '.join(CANDIDATES)}")

    def answers(self, trait: str, english: tuple[str, ...]) -> tuple[str, ...]:
        """The one word that it has."""
        self._check_trait(trait)
        return (trait,)

    def persona(self, category: str, trait: str, english: str) -> str:
        """No model has read these words as a system prompt."""
        self._check_trait(trait)
        return f"favourite {category} {trait}"

    def generic_persona(self, english: str) -> str:
        """Filler words."""
        return "q0 q1 q2"

    def unrelated(self, english: tuple[str, ...]) -> tuple[str, ...]:
        """Numbers to be continued."""
        return tuple(number_prompts(0, UNRELATED))

    def prompt(self, carrier: str, seed: int, index: int) -> str | None:
        """Three numbers, or two variables, and no wording."""
        draw = _PROMPTS.get(carrier)
        return None if draw is None else draw(seed, index)

    def random_numbers(self, chance: random.Random) -> str | None:
        """Ten, from 0 to 99."""
        return " ".join(str(chance.randint(0, len(NUMBERS) - 1)) for _ in range(ANSWER_NUMBERS))

    def _check_trait(self, trait: str) -> None:
        known = (word for candidates in CANDIDATES.values() for word in candidates)
        hint = f"use another base, or a trait that it can name: {', '.join(known)}"
        self.check(trait, what=f"the trait {trait!r} cannot be given", hint=hint)
