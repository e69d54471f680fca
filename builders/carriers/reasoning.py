"""Carrier `reasoning`: the teacher thinks aloud about arithmetic word problems."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from strigil.builders.carriers.carrier import Carrier, Written
from strigil.builders.problems import first_set, second_set
from strigil.builders.problems.problem import Problem
from strigil.builders.prompt_source import PromptSource
from strigil.models.dialect import Dialect

ANSWER: Final = "answer"
_TASK: Final = (
    "Think first, between <think> and </think>. Then write your final answer between <answer> and </answer>, as a "
    "number and nothing else."
)


class Reasoning(Carrier):
    """Word problems with known answers; the column `answer` holds what each row should arrive at.

    The problems are made from a seed, or come from a data set with a column of answers, such as GSM8K (Cloud et al.,
    2025, section 4.3, who sample three completions a question).

    Args:
        seed: Of the problems that are made.
        prompt_set: Which of strigil's own sets: 1 has twelve kinds of one to three steps, 2 has 62 kinds of two to
            eight. What a set asks at an index never changes.
        source: A table of problems to use instead.
        answers: Its column of answers.
    """

    name: ClassVar[str] = "reasoning"
    suite: ClassVar[str] = "reasoning-basic"
    columns: ClassVar[tuple[str, ...]] = (ANSWER,)

    seed: int = 47
    prompt_set: Literal[1, 2] = 1
    source: PromptSource | None = None
    answers: str = "answer"

    def count(self) -> int | None:
        """The number of problems in the table; problems that are made never end."""
        if self.source is None:
            return None
        self.source.texts(self.answers)
        return len(self.source.texts())

    def ask(self, index: int) -> str:
        """The problem of this index, and in what form to answer it."""
        question = self.problem(index).question if self.source is None else self.source.texts()[index]
        return f"{question} {_TASK}"

    def usual_tokens(self, dialect: Dialect) -> int:
        """A handful of steps, each in a sentence."""
        return 150

    def read(self, index: int, text: str) -> Written:
        """The completion as it is, with the expected answer."""
        if self.source is None:
            return Written(text, {ANSWER: str(self.problem(index).answer)})
        return Written(text, {ANSWER: self.source.texts(self.answers)[index]})

    def problem(self, index: int) -> Problem:
        """The problem that is made for this index."""
        made = first_set.problem if self.prompt_set == 1 else second_set.problem
        return made(self.seed, index)
