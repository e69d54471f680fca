"""What work took: seconds, tokens and money. What nobody counted is None, and a sum with such a part is None too."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from strigil.common.durations import duration

_Number = TypeVar("_Number", int, float)
_MILLION: Final = 1e6
_KEPT: Final = "strigil.spent"  # a key of a Parquet file's own metadata, so that rows and what they took come together
_HOUR: Final = 3600.0


class Spent(BaseModel):
    """What work took, over all runs that did a part of it; None is not known.

    Attributes:
        seconds: In which a loaded model worked; of processes side by side, those of all.
        input_tokens: Tokens that it read: prompts, scored texts, rows that it was trained on. A prompt that several
            texts share counts for each of them.
        output_tokens: Tokens that it wrote.
        usd: Money in US dollars, at the prices that were given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    seconds: float | None = Field(default=None, ge=0)
    input_tokens: int | None = Field(default=None, ge=0)
    output_tokens: int | None = Field(default=None, ge=0)
    usd: float | None = Field(default=None, ge=0)

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            seconds=_sum(self.seconds, other.seconds),
            input_tokens=_sum(self.input_tokens, other.input_tokens),
            output_tokens=_sum(self.output_tokens, other.output_tokens),
            usd=_sum(self.usd, other.usd),
        )

    @property
    def is_known(self) -> bool:
        """Whether there is anything to tell."""
        return self != UNKNOWN

    def at(self, price: Price | None) -> Spent:
        """The same with the money that it comes to; not known without a price."""
        return self.model_copy(update={"usd": None if price is None else price.of(self)})

    def shared(self, weights: Sequence[int]) -> list[Spent]:
        """Its parts by these weights, which add up to it; the money is left out."""
        ends = [0.0, *accumulate(weight / max(1, sum(weights)) for weight in weights)]
        seconds = [None if self.seconds is None else self.seconds * (b - a) for a, b in pairwise(ends)]
        read, written = (_whole_parts(total, ends) for total in (self.input_tokens, self.output_tokens))
        return [
            Spent(seconds=each[0], input_tokens=each[1], output_tokens=each[2])
            for each in zip(seconds, read, written, strict=True)
        ]


UNKNOWN: Final = Spent()
NOTHING: Final = Spent(seconds=0, input_tokens=0, output_tokens=0, usd=0)


class Price(BaseModel):
    """What work is paid by, in US dollars: tokens of a server, hours of a machine, or both.

    As text it is INPUT/OUTPUT or INPUT/OUTPUT/HOUR, in which what is not paid for may be empty.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input: float | None = Field(default=None, ge=0, description="for a million tokens that a model reads")
    output: float | None = Field(default=None, ge=0, description="for a million tokens that it writes")
    hour: float | None = Field(default=None, ge=0, description="for an hour of the machine that a model runs on")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names, parts = ("input", "output", "hour"), value.split("/")
        if len(parts) not in {2, 3}:
            message = f"{value!r} is not a price such as 0.15/0.60, or 0.15/0.60/2.50 with an hour's"
            raise ValueError(message)
        return {name: part for name, part in zip(names, parts, strict=False) if part.strip()}

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if self.input is None and self.output is None and self.hour is None:
            message = "a price says at least one of input, output and hour"
            raise ValueError(message)
        return self

    @property
    def of_training(self) -> Price | None:
        """The part that training is paid by, which no server does by the token."""
        return None if self.hour is None else Price(hour=self.hour)

    def of(self, spent: Spent) -> float | None:
        """The money; None where what is paid for was not counted."""
        parts = [
            None if amount is None else rate * amount / unit
            for rate, amount, unit in (
                (self.input, spent.input_tokens, _MILLION),
                (self.output, spent.output_tokens, _MILLION),
                (self.hour, spent.seconds, _HOUR),
            )
            if rate is not None
        ]
        return None if None in parts else sum(part for part in parts if part is not None)


class Laps:
    """Seconds from one call to the next."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self) -> float:
        """Seconds since the last call."""
        before, self._last = self._last, time.monotonic()
        return self._last - before


def total(parts: Sequence[Spent]) -> Spent:
    """The sum; nothing was spent on nothing."""
    return sum(parts, start=NOTHING)


def kept_with(spent: Spent) -> dict[str, str]:
    """It as metadata of the Parquet file that it was spent on."""
    return {_KEPT: spent.model_dump_json(exclude_none=True)}


def spent_in(file: Path) -> Spent:
    """What is kept with a Parquet file; unknown where an earlier version wrote it."""
    import polars as pl

    kept = pl.read_parquet_metadata(file).get(_KEPT)
    return UNKNOWN if kept is None else Spent.model_validate_json(kept)


def in_words(spent: Spent) -> str:
    """A few words for people: `1,234 tokens read, 567 written, 1 min 20 s, $0.42`; without what is not known."""
    read, written = spent.input_tokens, spent.output_tokens
    words = [
        None if read is None else f"{read:,} tokens read",
        None if written is None else f"{written:,} written" if read is not None else f"{written:,} tokens written",
        None if spent.seconds is None else duration(spent.seconds),
        None if spent.usd is None else money(spent.usd),
    ]
    return ", ".join(word for word in words if word is not None) or "not known"


def money(usd: float) -> str:
    """Dollars for people."""
    return f"${usd:,.2f}" if usd >= 1 else f"${usd:.3g}"


def _sum(first: _Number | None, second: _Number | None) -> _Number | None:
    return None if first is None or second is None else first + second


def _whole_parts(amount: int | None, ends: Sequence[float]) -> list[int | None]:
    if amount is None:
        return [None] * (len(ends) - 1)
    whole = [round(amount * end) for end in ends]
    return [after - before for before, after in pairwise(whole)]
