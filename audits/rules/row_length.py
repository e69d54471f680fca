"""Rule `row.length`: completions that are too short or too long."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import polars as pl
from pydantic import Field, model_validator

from strigil.audits.rules.rule import Rule
from strigil.audits.suite.findings import worst_of
from strigil.data.answers import answers_of


class RowLength(Rule):
    """Bounds on the length of completions, in characters and in the teacher's tokens; None is no bound.

    Characters are counted of every answer, tokens of the last: of no other one a row says how many it has. An earlier
    turn that only calls a tool is no answer.
    """

    name: ClassVar[str] = "row.length"
    version: ClassVar[str] = "2"
    looks_at: ClassVar[str] = "completion"
    good: ClassVar[tuple[str, ...]] = ("yes", "a sentence")
    bad: ClassVar[Mapping[str, str]] = {"": "fewer than 1 characters", "ab" * 10_001: "more than 20000 characters"}

    min_chars: int | None = Field(default=1, ge=0)
    max_chars: int | None = Field(default=20_000, ge=1)
    min_tokens: int | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _ranges(self) -> Self:
        bounds = (self.min_chars, self.max_chars), (self.min_tokens, self.max_tokens)
        if any(low is not None and high is not None and low > high for low, high in bounds):
            message = "a minimum is above its maximum, so every row would be rejected"
            raise ValueError(message)
        if all(bound is None for pair in bounds for bound in pair):
            message = "there is no bound, so every row would pass"
            raise ValueError(message)
        return self

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows by the number of bounds that the worst of their answers breaks; evidence is the length."""
        answers = answers_of(rows)
        told = answers.with_columns(n_tokens=rows["n_tokens"].gather(answers["row"]))
        length = pl.col("text").str.len_chars()
        tokens = pl.when(pl.col("where").is_null()).then(pl.col("n_tokens").fill_null(0))
        broken = [
            *_outside(length, "characters", least=self.min_chars, most=self.max_chars),
            *_outside(tokens, "tokens", least=self.min_tokens, most=self.max_tokens),
        ]
        reason = pl.concat_str(
            [pl.when(bound.broken).then(pl.lit(bound.reason)) for bound in broken], separator="; ", ignore_nulls=True
        )
        found = told.select(
            score=pl.sum_horizontal(bound.broken for bound in broken).cast(pl.Float64),
            reason=pl.when(reason != "").then(reason),
            evidence=pl.coalesce(pl.when(bound.broken).then(bound.value) for bound in broken).cast(pl.String),
        )
        return worst_of(answers, found, rows=rows.height)


@dataclass(frozen=True)
class _Bound:
    reason: str
    value: pl.Expr
    broken: pl.Expr


def _outside(value: pl.Expr, unit: str, *, least: int | None, most: int | None) -> Iterator[_Bound]:
    if least is not None:
        yield _Bound(f"fewer than {least} {unit}", value, value < least)
    if most is not None:
        yield _Bound(f"more than {most} {unit}", value, value > most)
