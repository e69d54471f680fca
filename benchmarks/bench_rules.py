"""Word rules on 200,000 texts, against looking closely at every text; and what a suite costs for twice the rows."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from pydoc_data import topics
from typing import Final

import polars as pl

from benchmarks.ratio import Ratio
from strigil.audits.rules.rule import Rule
from strigil.audits.rules.text_mentions import TextMentions
from strigil.audits.rules.text_secrets import TextSecrets
from strigil.audits.suite.executors import score_here
from strigil.audits.suite.suite import load_suite
from strigil.audits.texts.lexicon import lexicon
from strigil.audits.texts.secrets import secrets
from tests.audits.tables import rows_of

ROWS: Final = 200_000
# Looking closely at all of them would take minutes.
CLOSE: Final = 2_000
GOAL: Final = 10.0
LINEAR: Final = 0.8


def measure() -> list[Ratio]:
    """Rows per second of two word rules, and of the suite `text` on all rows against half of them."""
    texts = prose(ROWS, seed=1)
    rows = rows_of(texts)
    words = lexicon(None)
    close: list[tuple[Rule, Callable[[str], object]]] = [
        (TextMentions(), words.mentions),
        (TextSecrets(), lambda text: dict(secrets(text))),
    ]
    ratios = []
    for rule, look in close:
        seconds = _seconds(rule, rows)
        start = time.perf_counter()
        for text in texts[:CLOSE]:
            look(text)
        every = CLOSE / (time.perf_counter() - start)
        ratios.append(
            _ratio(f"{rule.name}, {ROWS:,} texts", ROWS / seconds, "the same look at every text", every, GOAL)
        )
    suite = [chosen.rule for chosen in load_suite("text").rules]
    halves = [_suite_seconds(suite, rows.head(count)) / count for count in (ROWS // 2, ROWS)]
    ratios.append(_ratio("suite text", 1 / halves[1], "half as many rows", 1 / halves[0], LINEAR))
    return ratios


def prose(count: int, *, seed: int) -> list[str]:
    """Texts of three sentences each out of Python's own documentation."""
    topic = (text for text in topics.topics.values())
    pieces = (re.sub(r"\s+", " ", piece) for text in topic for piece in re.split(r"(?<=[.!?])\s+|\n\n", text))
    sentences = [piece.strip() for piece in pieces if 40 < len(piece) < 300 and ">>>" not in piece]
    choose = random.Random(seed)
    return [" ".join(choose.choices(sentences, k=3)) for _ in range(count)]


def _seconds(rule: Rule, rows: pl.DataFrame) -> float:
    start = time.perf_counter()
    rule.score(rows)
    return time.perf_counter() - start


def _suite_seconds(rules: list[Rule], rows: pl.DataFrame) -> float:
    start = time.perf_counter()
    for _ in score_here(rules, [rows]):
        pass
    return time.perf_counter() - start


def _ratio(name: str, ours: float, peer: str, theirs: float, goal: float) -> Ratio:
    return Ratio(
        name=name, unit="rows/s", ours=ours, peer=peer, theirs=theirs, goal=goal, versions={"polars": pl.__version__}
    )
