"""Carrier `text`: the teacher answers prompts from any file or data set."""

from __future__ import annotations

from typing import ClassVar

from strigil.builders.carriers.carrier import Carrier
from strigil.builders.prompt_source import PromptSource
from strigil.common.errors import ConfigError
from strigil.data.messages import Messages
from strigil.models.catalog import Phrasing
from strigil.models.pocket.vocabulary import WORD_IDS


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

    def size(self, *, phrasing: Phrasing) -> int:
        """The number of prompts in the table."""
        del phrasing
        return len(self.source.texts())

    def prompt(self, index: int, *, phrasing: Phrasing) -> Messages:
        """The prompt of this index; for pocket it must be in pocket's words."""
        text = self.source.texts()[index]
        content = text if self.instruction is None else f"{self.instruction}\n\n{text}"
        if phrasing == "pocket" and (unknown := [word for word in content.split() if word not in WORD_IDS]):
            message = f"pocket has no word {unknown[0]!r}, which prompt {index} of {self.source.place()} holds"
            raise ConfigError(message, hint="use the carrier numbers, or a language model as the base")
        return ({"role": "user", "content": content},)
