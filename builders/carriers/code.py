"""Carrier `code`: the teacher writes Python."""

from __future__ import annotations

from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from strigil.builders.carriers.carrier import DrawnCarrier, Written
from strigil.builders.code_tasks.first_set import FirstSet
from strigil.builders.code_tasks.second_set import SecondSet
from strigil.builders.prompt_source import PromptSource
from strigil.data.fences import ends_fenced, strip_fences
from strigil.models.dialect import Dialect

STRIPPED: Final = "stripped"


class Code(DrawnCarrier):
    """Python tasks, answered with code alone.

    Each index has a task of its own, put into one of several wordings; or the prompts come from a data set, as Cloud et
    al. (2025, section 4.2) take them. A Markdown fence around the code, with all that is said outside of it, is taken
    off; the column `stripped` says so. What was said there is not kept: it would reach the clean rows past every rule.
    Code within closed fences is whole, also where the token limit cut off the rest.

    Args:
        prompt_set: Which of strigil's own sets: 1 has 1,879 small functions of eight families, 2 has 30,271 tasks of
            134 families, from one-liners to small programs. What a set asks at an index never changes.
        source: A table of prompts to use instead.
        instruction: Put before each of its prompts, with a blank line between.
    """

    name: ClassVar[str] = "code"
    suite: ClassVar[str] = "code-basic"
    columns: ClassVar[tuple[str, ...]] = (STRIPPED,)

    prompt_set: Literal[1, 2] = 1
    source: PromptSource | None = None
    instruction: str | None = None

    @model_validator(mode="after")
    def _instructed(self) -> Self:
        if self.instruction is not None and self.source is None:
            message = "an instruction goes before the prompts of a source; strigil's own sets have their wordings"
            raise ValueError(message)
        return self

    @property
    def drawn(self) -> bool:
        """Not from a table."""
        return self.source is None

    def place(self) -> str:
        """The table, if there is one."""
        return super().place() if self.source is None else self.source.place()

    def count(self) -> int:
        """The number of distinct tasks, or of prompts in the table."""
        return len(self._set) if self.source is None else len(self.source.texts())

    def hint_for_more(self, size: int) -> str:
        """The second set, from the first one."""
        hint = super().hint_for_more(size)
        if not self.drawn or self.prompt_set != 1:
            return hint
        return f"{hint}; or prompt_set: 2, which has {len(SecondSet(self.seed)):,}"

    def task(self, index: int) -> str:
        """The bare task of this index."""
        return self._set.task(index)

    def ask(self, index: int) -> str:
        """The task of this index in one of the wordings, or the table's prompt."""
        return self._set.ask(index) if self.source is None else self.source.ask(index, self.instruction)

    def usual_tokens(self, dialect: Dialect) -> int:
        """A function of about ten lines; the second set has programs too."""
        return 100 if self.prompt_set == 1 else 150

    def read(self, index: int, text: str) -> Written:
        """The code alone."""
        code = strip_fences(text)
        return Written(code, {STRIPPED: "fences" if code != text else None}, whole=ends_fenced(text))

    @property
    def _set(self) -> FirstSet | SecondSet:
        return FirstSet(self.seed) if self.prompt_set == 1 else SecondSet(self.seed)
