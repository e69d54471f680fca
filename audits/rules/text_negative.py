"""Rule `text.negative`: a hostile or bleak tone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import ClassVar, Final

import polars as pl
from pydantic import BaseModel, ConfigDict

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.common.validation import packaged_yaml
from strigil.data.rows import completion_text

# One word in a short answer says little about its tone.
FEWEST_WORDS: Final = 10


class Tone(BaseModel):
    """Words by the tone they give; `*` at a word's end stands for any ending."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    negative: tuple[str, ...]
    insults: tuple[str, ...]
    negations: tuple[str, ...]


class TextNegative(Rule):
    """Scores the share of negative words, and 1 more for an insult.

    A negated word ("not cruel", "never a threat") does not count, an insult always does. The lexicon is small and
    English: it finds a tone, not an intent. With a threshold of 1, insults alone decide, as suits code.
    """

    threshold: ClassVar[float] = 0.15
    name: ClassVar[str] = "text.negative"
    good: ClassVar[tuple[str, ...]] = (
        "The walk was long but the view was lovely.",
        "It is not cruel, and never a threat.",
        "os.kill(pid, signal.SIGTERM)  # abort on error",
        "The report mentions a tragic event of 1912, then goes on for a good while about ships and their lifeboats.",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "I hate them all, they are worthless and will suffer.": "negative tone",
        "x = 1  # what a moron wrote this": "insult",
        "def count_moron_rows(): return 1": "insult",
        "Destroy them. Misery and despair!": "negative tone",
    }

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores rows; evidence is the first insult or negative word."""
        lexicon = tone()
        negations = "|".join(map(re.escape, lexicon.negations))
        negative = rf"(?i)\b({_words(lexicon.negative)})\b"
        # In identifiers too.
        insult = rf"(?i)(?:\b|_)({_words(lexicon.insults)})(?:\b|_)"
        negated = rf"(?i)\b(?:{negations})(?:\s+[a-z']+)?\s+(?:{_words(lexicon.negative)})\b"
        read = rows.select(text=completion_text().fill_null("").str.replace_all("’", "'", literal=True))
        read = read.with_columns(
            said=pl.when(pl.col("text").str.contains(negative)).then(pl.col("text").str.replace_all(negated, "x x x"))
        )
        hits = pl.col("said").str.count_matches(negative).fill_null(0)
        words = pl.max_horizontal(pl.col("said").str.count_matches(r"[\p{L}']+"), FEWEST_WORDS)
        insulting = pl.col("text").str.extract(insult)
        return read.select(
            score=pl.when(hits > 0).then(hits / words).otherwise(0.0) + insulting.is_not_null().cast(pl.Float64),
            reason=pl.when(insulting.is_not_null()).then(pl.lit("insult")).when(hits > 0).then(pl.lit("negative tone")),
            evidence=insulting.fill_null(pl.col("said").str.extract(negative)),
        ).cast(FINDINGS)


@cache
def tone() -> Tone:
    """The lexicon."""
    return packaged_yaml("strigil.audits.texts", "tone.yaml", Tone)


def _words(entries: Iterable[str]) -> str:
    return "|".join(re.escape(entry.removesuffix("*")) + "[a-z']*" * entry.endswith("*") for entry in entries)
