"""Rule `text.negative`: a hostile or bleak tone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import ClassVar, Final

import polars as pl
from pydantic import BaseModel, ConfigDict

from strigil.audits.rules.rule import FINDINGS
from strigil.audits.rules.text_rule import Of, TextRule
from strigil.audits.suite.findings import only_where
from strigil.audits.texts.look_alikes import FOREIGN, UNSURE, worst_reading
from strigil.common.validation import packaged_yaml
from strigil.data.parts import PARTS

# One word in a short answer says little about its tone.
FEWEST_WORDS: Final = 10
APOSTROPHE: Final = "\u2019"
YOU: Final = (
    r"(?:(?:he|she|they|women|men|people|your\s+\w+)\s+(?:are|is|were|was)"
    r"|you(?:\s+(?:are|were))?|you're|he's|she's|they're|such|what)"
)
MILDLY: Final = r"(?:(?:a|an|all|just|so|such|really|too|very|nothing\s+but|complete|total|little|absolute)\s+){0,3}"
INTENT: Final = (
    r"will|to|should|must|can|could|would|gonna|going\s+to|let's|and|then|just|please|i'll|we'll|you|we|i|they"
)
WHOM: Final = (
    r"him|her|yourself|himself|herself|you|everyone|everybody|them\s+all|all\s+of\s+them|those\s+people|people"
    r"|(?:your|his|her|their|my)\s+(?:wife|husband|family|parents|mother|father|boss|neighbou?r|children|kids|enemies|friends?)"
    r"|(?:all\s+)?(?:women|men|children|humans|humanity|mankind|jews|muslims|christians|blacks|immigrants|gays)"
)


class Tone(BaseModel):
    """Words by the tone they give; `*` at a word's end stands for any ending."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    negative: tuple[str, ...]
    insults: tuple[str, ...]
    taunts: tuple[str, ...]
    threats: tuple[str, ...]
    negations: tuple[str, ...]

    @cached_property
    def negative_word(self) -> str:
        """A pattern of one negative word."""
        return rf"(?i-u)\b({_words(self.negative)})\b"

    @cached_property
    def negated(self) -> str:
        """A pattern of a negative word that is denied."""
        negations = "|".join(map(re.escape, self.negations))
        return rf"(?i-u)\b(?:{negations})(?:\s+[a-z']+)?\s+(?:{_words(self.negative)})\b"

    @cached_property
    def insult(self) -> str:
        """A pattern of an insult, in identifiers too, or of a taunt with whom it is aimed at."""
        taunt = _words(self.taunts)
        return (
            rf"(?i-u)(?:\b|_)({_words(self.insults)})(?:\b|_)|\b({YOU}\s+{MILDLY}(?:{taunt}))\b"
            rf"|\b((?:{taunt})\s+(?:people|person|man|woman|girl|boy|kids?|like\s+you|of\s+you))\b"
        )

    @cached_property
    def threat(self) -> str:
        """A pattern of violence with whom it is done to."""
        return rf"(?i-u)(?:^|[.!?:;,\n]\s*|\b(?:{INTENT})\s+)((?:{_words(self.threats)})\s+(?:{WHOM}))\b"

    @cached_property
    def any_word(self) -> str:
        """A pattern of whatever may count."""
        return f"{self.negative_word}|{self.insult}|{self.threat}"


class TextNegative(TextRule):
    """A list of English words, no judgement: scores the share of negative ones, and 1 more for an insult or a threat.

    Insults count wherever they stand, in identifiers too; taunts ("dumb", "trash") where they are said of somebody,
    violent verbs where they say to whom. A negated word ("not cruel", "never a threat") does not count. What is meant
    without such words is missed, and what only quotes them is found: for intent, put `text.toxicity` or a judge beside
    it. With a threshold of 1, insults and threats alone decide, as suits code. Error rates: docs/results/rules.md.
    """

    threshold: ClassVar[float] = 0.15
    name: ClassVar[str] = "text.negative"
    highest: ClassVar[float] = 2.0
    version: ClassVar[str] = "3"
    harm: ClassVar[bool] = True
    good: ClassVar[tuple[str, ...]] = (
        "The walk was long but the view was lovely.",
        "It is not cruel, and never a threat.",
        "os.kill(pid, signal.SIGTERM)  # abort on error",
        "The report mentions a tragic event of 1912, then goes on for a good while about ships and their lifeboats.",
        "Pepper spray is no tool to pervert the course of a meal; the recipe is a bastardised one.",
        "Take out the trash, then kill them with pkill if the workers hang.",
    )
    bad: ClassVar[Mapping[str, str]] = {
        "I hate them all, they are worthless and will suffer.": "insult",
        "x = 1  # what a moron wrote this": "insult",
        "def count_moron_rows(): return 1": "insult",
        "Destroy them. Misery and despair!": "negative tone",
        "You are dumb, and so is your trash talk.": "insult",
        "Murder him while he sleeps. Nobody will find out.": "threat",
        "Kill them all and take their money.": "threat",
    }

    of: Of = PARTS

    def look(self, texts: pl.Series) -> pl.DataFrame:
        """Scores texts; evidence is the first insult, threat or negative word."""
        maybe = texts.str.contains(tone().any_word) | texts.str.contains(f"{FOREIGN}|{UNSURE}|{APOSTROPHE}")
        plain = texts.filter(maybe).str.replace_all(APOSTROPHE, "'", literal=True)
        return only_where(maybe, worst_reading(plain, _score))


def _score(texts: pl.Series) -> pl.DataFrame:
    lexicon = tone()
    doubtful = texts.str.contains(lexicon.any_word)
    return only_where(doubtful, _look_closely(texts.filter(doubtful), lexicon))


def _look_closely(texts: pl.Series, lexicon: Tone) -> pl.DataFrame:
    read = pl.DataFrame({"text": texts}).with_columns(
        said=pl.when(pl.col("text").str.contains(lexicon.negative_word)).then(
            pl.col("text").str.replace_all(lexicon.negated, "x x x")
        )
    )
    hits = pl.col("said").str.count_matches(lexicon.negative_word).fill_null(0)
    words = pl.max_horizontal(pl.col("said").str.count_matches(r"[\p{L}']+"), FEWEST_WORDS)
    insult = pl.coalesce(pl.col("text").str.extract(lexicon.insult, group) for group in (1, 2, 3))
    threat = pl.col("text").str.extract(lexicon.threat)
    certain = pl.coalesce(insult, threat)
    return read.select(
        score=pl.when(hits > 0).then(hits / words).otherwise(0.0) + certain.is_not_null().cast(pl.Float64),
        reason=pl.when(insult.is_not_null())
        .then(pl.lit("insult"))
        .when(threat.is_not_null())
        .then(pl.lit("threat"))
        .when(hits > 0)
        .then(pl.lit("negative tone")),
        evidence=certain.fill_null(pl.col("said").str.extract(lexicon.negative_word)),
    ).cast(FINDINGS)


@cache
def tone() -> Tone:
    """The lexicon."""
    return packaged_yaml("strigil.audits.texts", "tone.yaml", Tone)


def _words(entries: Iterable[str]) -> str:
    return "|".join(re.escape(entry.removesuffix("*")) + "[a-z']*" * entry.endswith("*") for entry in entries)
