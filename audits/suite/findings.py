"""What rules made of expressions share: several reasons for one row, and findings made in Python for a few rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from strigil.audits.rules.rule import FINDINGS


@dataclass(frozen=True)
class Finding:
    """What a rule has to say about one row."""

    score: float
    reason: str
    evidence: str


def by_reason(texts: pl.Series, evidence: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Scores texts by the number of reasons against each.

    Args:
        texts: n texts without nulls.
        evidence: For each reason, in the order of importance, an expression over the column `text`: the offending
            piece, or null where the reason does not apply.

    Returns:
        n findings (`FINDINGS`): reasons joined by "; ", the evidence of the first one that applies.
    """
    pieces = pl.DataFrame({"text": texts}).select(piece.alias(reason) for reason, piece in evidence.items())
    reason = pl.concat_str(
        [pl.when(pl.col(name).is_not_null()).then(pl.lit(name)) for name in evidence], separator="; ", ignore_nulls=True
    )
    return pieces.select(
        score=pl.sum_horizontal(pl.col(name).is_not_null() for name in evidence).cast(pl.Float64),
        reason=pl.when(reason != "").then(reason),
        evidence=pl.coalesce(evidence.keys()),
    )


def only_where(doubtful: pl.Series, found: pl.DataFrame, places: pl.Series | None = None) -> pl.DataFrame:
    """Findings of n rows from those of the doubtful rows alone; the others get a score of 0.

    Args:
        doubtful: n booleans.
        found: One line for each doubtful row.
        places: For each doubtful row, in order, where its line is; in the same order if not given.
    """
    where = places_of(doubtful) if places is None else places.gather(places_of(doubtful))
    return found.select(pl.all().gather(where)).with_columns(pl.col("score").fill_null(0.0))


def places_of(chosen: pl.Series) -> pl.Series:
    """For each of n booleans that is true, how many were true before it; null for the others."""
    return pl.select(pl.when(chosen).then(chosen.cum_sum() - 1)).to_series()


def examine(texts: pl.Series, doubtful: pl.Series, look: Callable[[str], Finding | None]) -> pl.DataFrame:
    """Findings of n texts, of which Python looks only at the doubtful ones."""
    found = [look(text) for text in texts.filter(doubtful)]
    table = pl.DataFrame(
        {
            "score": [0.0 if item is None else item.score for item in found],
            "reason": [None if item is None else item.reason for item in found],
            "evidence": [None if item is None else item.evidence for item in found],
        },
        schema=FINDINGS,
    )
    return only_where(doubtful, table)
