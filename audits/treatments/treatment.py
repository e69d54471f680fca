"""What a treatment is: it drops rows or rewrites completions, and says what is kept of the task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from strigil.common.errors import ConfigError
from strigil.common.registry import Registry, Unit
from strigil.data.messages import Sampling
from strigil.data.rows import TOKEN_COLUMNS, completion_text
from strigil.engines.protocol import Engine
from strigil.engines.tokens.reader import TokenReader


@dataclass(frozen=True)
class Effect:
    """What a treatment did to rows; effects of batches add up.

    Attributes:
        rows: Rows that it was given.
        dropped: Rows that it left out.
        changed: Rows whose completion it changed.
        unreadable: Rows that it could not read and left as they were.
        length_before: Of the completions of the rows that stayed, in characters.
        length_after: The same after it.
        tokens: Of the rows that stayed, as far as a treatment counted them.
        tokens_changed: Those that it masked or replaced.
        kept: Rows that it read of which something still holds, by what that is.
    """

    rows: int = 0
    dropped: int = 0
    changed: int = 0
    unreadable: int = 0
    length_before: int = 0
    length_after: int = 0
    tokens: int = 0
    tokens_changed: int = 0
    kept: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Effect) -> Effect:
        """The effect on both."""
        return Effect(
            rows=self.rows + other.rows,
            dropped=self.dropped + other.dropped,
            changed=self.changed + other.changed,
            unreadable=self.unreadable + other.unreadable,
            length_before=self.length_before + other.length_before,
            length_after=self.length_after + other.length_after,
            tokens=self.tokens + other.tokens,
            tokens_changed=self.tokens_changed + other.tokens_changed,
            kept=_sum(self.kept, other.kept),
        )

    @property
    def length_ratio(self) -> float:
        """Length after over length before; 1 where there was no text."""
        return self.length_after / self.length_before if self.length_before else 1.0

    @property
    def token_share(self) -> float | None:
        """Share of the tokens that were changed; None where none were counted."""
        return self.tokens_changed / self.tokens if self.tokens else None

    @property
    def kept_shares(self) -> dict[str, float]:
        """Share of the rows that were read of which something still holds."""
        read = self.rows - self.dropped - self.unreadable
        return {what: count / read for what, count in sorted(self.kept.items())} if read else {}


@dataclass(frozen=True)
class Treated:
    """A batch after a treatment."""

    rows: pl.DataFrame
    effect: Effect


@dataclass(frozen=True)
class TreatmentContext:
    """What a treatment may look at besides the rows.

    Attributes:
        verdicts: The verdict table of the release that the rows are from; None if they are from none.
        scores: The score table (`strigil.audits.scores.score.SCORED`) that a scored treatment asked for.
        engine: Holds the base, for a treatment that asked for it.
        tokens: The base's tokens.
        sampling: How the rows were sampled; None where that is not known.
    """

    verdicts: pl.LazyFrame | None
    scores: pl.LazyFrame | None = None
    engine: Engine | None = None
    tokens: TokenReader | None = None
    sampling: Sampling | None = None

    def judged(self) -> pl.LazyFrame:
        """The verdict table, for a treatment that cannot do without.

        Raises:
            ConfigError: There is none.
        """
        if self.verdicts is None:
            message = "these rows have no verdicts: they are from no release"
            raise ConfigError(message, hint="strigil audit with --out makes them one")
        return self.verdicts


def dropping(rows: pl.DataFrame, kept: pl.DataFrame) -> Effect:
    """The effect of leaving out all but some rows as they are."""
    length = int(kept.select(completion_text().str.len_chars().sum()).item())
    return Effect(rows=rows.height, dropped=rows.height - kept.height, length_before=length, length_after=length)


class Treatment(Unit, ABC):
    """Drops rows or rewrites completions.

    Attributes:
        asks_base: Whether it needs an engine with the base.
        sees_all: Whether it must see all rows at once.
    """

    asks_base: ClassVar[bool] = False
    sees_all: ClassVar[bool] = False

    @abstractmethod
    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """What treats batches of rows in one run."""


class Rewriter(Treatment):
    """A treatment that rewrites completions one by one.

    Attributes:
        examples: Texts before and after, with the treatment's defaults; each becomes a test.
    """

    examples: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def rewrite(self, text: str, *, row_id: str) -> str | None:
        """The new text, or None if this one cannot be read."""

    @abstractmethod
    def keeps(self, before: str, after: str) -> Mapping[str, bool]:
        """What still holds after a rewriting, by name."""

    def applier(self, given: TreatmentContext) -> Callable[[pl.DataFrame], Treated]:
        """Rewrites batches; nothing but the rows matters to it."""
        return self._apply

    def _apply(self, rows: pl.DataFrame) -> Treated:
        before: list[str] = rows.select(completion_text()).to_series().to_list()
        ids: list[str] = rows["row_id"].to_list()
        written = [self.rewrite(text, row_id=row_id) for text, row_id in zip(before, ids, strict=True)]
        after = [text if new is None else new for text, new in zip(before, written, strict=True)]
        kept = Counter[str]()
        for text, new in zip(before, written, strict=True):
            if new is not None:
                kept.update({what: int(holds) for what, holds in self.keeps(text, new).items()})
        effect = Effect(
            rows=rows.height,
            changed=sum(text != new for text, new in zip(before, after, strict=True)),
            unreadable=sum(new is None for new in written),
            length_before=sum(map(len, before)),
            length_after=sum(map(len, after)),
            kept=kept,
        )
        return Treated(with_completions(rows, after), effect)


def with_completions(rows: pl.DataFrame, texts: list[str]) -> pl.DataFrame:
    """Rows with other texts as their completions' last messages; token columns of changed texts become null."""
    changed = rows.select(completion_text()).to_series() != pl.Series(texts, dtype=pl.String)
    rows = rows.with_columns(pl.when(~changed).then(pl.col(name)) for name in TOKEN_COLUMNS if name in rows.columns)
    completion = pl.col("completion")
    last = completion.list.last()
    new = pl.struct(last.struct.field("role"), pl.Series("content", texts, pl.String))
    earlier = completion.list.head(completion.list.len() - 1)
    return rows.with_columns(pl.concat_list(earlier, new).alias("completion"))


def _sum(first: Counter[str], second: Counter[str]) -> Counter[str]:
    # Counter's own addition loses what was counted zero times.
    return Counter({what: first[what] + second[what] for what in first.keys() | second.keys()})


TREATMENTS: Registry[Treatment] = Registry(
    "treatment",
    base=Treatment,  # type: ignore[type-abstract]  # a registry holds subclasses
    package="strigil.audits.treatments",
    group="strigil.treatments",
)
