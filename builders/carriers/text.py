"""Carrier `text`: the teacher answers prompts from any file or data set."""

from __future__ import annotations

from typing import ClassVar

from strigil.builders.carriers.carrier import Carrier
from strigil.builders.prompt_source import PromptSource


class Text(Carrier):
    """Prompts of a column of text, in the table's order: paraphrases, instructions, questions.

    Args:
        source: Where the prompts are.
        instruction: Put before each of them, with a blank line between.
    """

    name: ClassVar[str] = "text"
    suite: ClassVar[str] = "text-basic"

    source: PromptSource
    instruction: str | None = None

    def place(self) -> str:
        """The table."""
        return self.source.place()

    def count(self) -> int:
        """The number of prompts in the table."""
        return len(self.source.texts())

    def ask(self, index: int) -> str:
        """The prompt of this index."""
        return self.source.ask(index, self.instruction)
