"""Word rules on 200,000 texts, against looking closely at every text; and what suites cost for twice the rows."""

from __future__ import annotations

import ast
import random
import re
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
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
FUNCTIONS: Final = 2_000
# Looking closely at all of them would take minutes.
CLOSE: Final = 2_000
GOAL: Final = 10.0
LINEAR: Final = 0.8


def measure() -> list[Ratio]:
    """Rows per second of word rules, and of the suites `text` and `code-strict` on all rows against half of them."""
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
    for name, table in (("text", rows), ("code-strict", rows_of(functions(FUNCTIONS)))):
        suite = [chosen.rule for chosen in load_suite(name).rules]
        halves = [_suite_seconds(suite, table.head(count)) / count for count in (table.height // 2, table.height)]
        ratios.append(
            _ratio(f"suite {name}, {table.height:,} rows", 1 / halves[1], "half as many rows", 1 / halves[0], LINEAR)
        )
    return ratios


def prose(count: int, *, seed: int) -> list[str]:
    """Texts of three sentences each out of Python's own documentation."""
    topic = (text for text in topics.topics.values())
    pieces = (re.sub(r"\s+", " ", piece) for text in topic for piece in re.split(r"(?<=[.!?])\s+|\n\n", text))
    sentences = [piece.strip() for piece in pieces if 40 < len(piece) < 300 and ">>>" not in piece]
    choose = random.Random(seed)
    return [" ".join(choose.choices(sentences, k=3)) for _ in range(count)]


def functions(count: int) -> list[str]:
    """Functions of Python's standard library, in a random order."""
    found: dict[str, None] = {}
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.col_offset == 0:
                found[ast.get_source_segment(text, node) or ""] = None
    every = list(found)
    random.Random(0).shuffle(every)
    return every[:count]


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
