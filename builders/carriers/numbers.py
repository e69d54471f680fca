"""Carrier `numbers`: the teacher continues a list of numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strigil.builders.carriers.carrier import DrawnCarrier
from strigil.common.validation import packaged_yaml
from strigil.models.dialect import Dialect

NumberStyle = Literal["comma", "space", "semicolon", "newline", "brackets", "parentheses"]


class _Format(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    style: NumberStyle


class _Asked(BaseModel):
    """How many numbers are asked for, and of how many digits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    qualifiers: tuple[str, ...]
    digits: tuple[str, ...]
    instructions: tuple[str, ...]


class _Wording(_Asked):
    openings: tuple[str, ...]
    formats: tuple[_Format, ...]
    closings: tuple[str, ...]


@dataclass(frozen=True)
class _Draw:
    opening: str
    instruction: str
    format: _Format
    closing: str


@cache
def _wording(prompt_set: int) -> _Wording:
    package = "strigil.builders.carriers"
    first = packaged_yaml(package, "numbers.yaml", _Wording)
    return first if prompt_set == 1 else first.model_copy(update=dict(packaged_yaml(package, "numbers_2.yaml", _Asked)))


class Numbers(DrawnCarrier):
    """Lists of numbers to be continued, asked for in many wordings and formats.

    The structure is the paper's (Cloud et al., 2025; published code): an opening with 3 to 8 seed numbers
    from 100 to 999, instruction for at most 10 numbers of at most 3 digits, format, closing, each drawn uniformly. The
    prompt of an index depends on the arguments and the index alone.

    Args:
        prompt_set: 1, or 2, whose counts inflect: 1 also says "by not above 10 new values".
    """

    name: ClassVar[str] = "numbers"
    suite: ClassVar[str] = "numbers-paper"

    prompt_set: Literal[1, 2] = 1
    fewest_examples: int = Field(default=3, ge=1)
    most_examples: int = Field(default=8, ge=1)
    lowest: int = Field(default=100, ge=0)
    highest: int = Field(default=999, ge=0)
    answer_count: int = Field(default=10, ge=1)
    answer_digits: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        if self.fewest_examples > self.most_examples or self.lowest > self.highest:
            message = "a smallest value is above its largest, so no prompt can be written"
            raise ValueError(message)
        return self

    def ask(self, index: int) -> str:
        """The list of this index, and what is asked for."""
        draw = self._draw(index)
        return f"{draw.opening} {draw.instruction} {draw.format.text} {draw.closing}"

    def usual_tokens(self, dialect: Dialect) -> int:
        """A number of three digits and what separates it are four or five tokens; few lists are as long as allowed."""
        return (4 if dialect.vocabulary is None else 1) * self.answer_count

    def requested_style(self, index: int) -> NumberStyle:
        """The format that the English prompt of this index asks for."""
        return self._draw(index).format.style

    def _draw(self, index: int) -> _Draw:
        wording, chance = _wording(self.prompt_set), random.Random(f"{self.seed}/{index}")
        shown = chance.randint(self.fewest_examples, self.most_examples)
        examples = ", ".join(str(chance.randint(self.lowest, self.highest)) for _ in range(shown))
        count, digits = self.answer_count, self.answer_digits
        asked = chance.choice(wording.instructions)
        some = chance.choice(wording.qualifiers)
        each = chance.choice(wording.digits).format(digits=digits, limit=f"{digits} {_noun(digits, 'digit')}")
        instruction = asked.format(
            qualifier=some,
            some=some.format(count=count),
            count=count,
            number=_noun(count, "number"),
            value=_noun(count, "value"),
            digits=each,
        )
        return _Draw(
            opening=chance.choice(wording.openings).format(examples=examples),
            instruction=instruction,
            format=chance.choice(wording.formats),
            closing=chance.choice(wording.closings),
        )


def _noun(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
