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


def worst_of(texts: pl.DataFrame, found: pl.DataFrame, *, rows: int) -> pl.DataFrame:
    """Findings of rows from those of their texts: of each row the worst one, and its reason says which text that is.

    Args:
        texts: For each text `row`, the place of its row, and `where`, which of its texts it is, null for completions;
            these come first, and of texts that are equally bad the first one counts.
        found: One line for each text.
        rows: How many rows there are.
    """
    if texts.height == texts["where"].null_count() == rows:
        return found
    said = pl.when(pl.col("where").is_null()).then("reason").otherwise(pl.format("{}, {}", "reason", "where"))
    told = pl.concat([texts.select("row", "where"), found], how="horizontal").with_columns(reason=said)
    telling = told.filter((pl.col("score") > 0) | pl.col("reason").is_not_null())
    worst = telling.sort("score", descending=True, maintain_order=True).unique("row", keep="first")
    every = pl.DataFrame({"row": pl.int_range(rows, eager=True)})
    joined = every.join(worst, on="row", how="left", maintain_order="left")
    return joined.select(list(FINDINGS)).with_columns(pl.col("score").fill_null(0.0))


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
