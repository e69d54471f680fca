"""Rules that look at texts one by one, and what they read: completions, or more of a row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from strigil.audits.rules.rule import Rule
from strigil.audits.suite.findings import worst_of
from strigil.data.parts import PARTS, Part, texts_of

if TYPE_CHECKING:
    import polars as pl


def _as_parts(value: object) -> object:
    if value == "all":
        return PARTS
    return (value,) if isinstance(value, str) else value


def _in_order(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Each once, in one order: what a rule reads has one form in manifests, and one digest."""
    return tuple(part for part in PARTS if part in parts)


_SAID: Final = "what it reads: completion, prompt, system, reasoning, tools, columns, a list of these, or all"
Of: TypeAlias = Annotated[
    tuple[Part, ...], Field(min_length=1, description=_SAID), BeforeValidator(_as_parts), AfterValidator(_in_order)
]


class TextRule(Rule):
    """Scores each text that it reads; a row's score is that of its worst text, and the reason says which one that is.

    Attributes:
        of: What it reads.
    """

    of: Of = ("completion",)

    @abstractmethod
    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Findings (`FINDINGS`) of n texts without nulls, one line each."""

    def looker(self) -> Callable[[pl.Series], pl.DataFrame]:
        """What looks, in one run over many batches: a rule keeps in it what it loads."""
        return self.look

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows by the worst of their texts."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """A scorer for one run."""
        return partial(_worst, self.looker(), frozenset(self.of))

    @model_serializer(mode="wrap")
    def _without_usual_parts(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Manifests hold this form: what a rule reads unless a suite says otherwise is part of its version."""
        written: dict[str, object] = handler(self)
        if self.of == type(self).model_fields["of"].default:
            written.pop("of", None)
        return written


def _worst(look: Callable[[pl.Series], pl.DataFrame], parts: frozenset[Part], rows: pl.DataFrame) -> pl.DataFrame:
    read = texts_of(rows, parts)
    return worst_of(read, look(read["text"]), rows=rows.height)
