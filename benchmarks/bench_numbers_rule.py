"""`numbers.paper` on a million answers, against the same filter in plain Python; both must give the same reasons."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from typing import Final, TypeVar

import polars as pl

from benchmarks.ratio import Ratio
from strigil.audits.rules.numbers_paper import NumbersPaper
from tests.audits.oracle import answers, as_rows, reject_reasons

ANSWERS: Final = 1_000_000
ROUNDS: Final = 5
GOAL: Final = 20.0

T = TypeVar("T")


def measure() -> list[Ratio]:
    """Rows per second of both; each is timed five times, in turn, and its best time counts."""
    texts = answers(ANSWERS, seed=2)
    rows = as_rows(texts)
    rule = NumbersPaper()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        findings, seconds = _timed(lambda: rule.score(rows))
        ours.append(seconds)
        expected, seconds = _timed(lambda: ["; ".join(reject_reasons(text)) for text in texts])
        theirs.append(seconds)
        if findings["reason"].fill_null("").to_list() != expected:
            message = "the rule and the filter in plain Python disagree"
            raise AssertionError(message)
    return [
        Ratio(
            name=f"numbers.paper, {ANSWERS:,} answers",
            unit="rows/s",
            ours=ANSWERS / min(ours),
            peer="the paper's filter in plain Python, tests/audits/oracle.py",
            theirs=ANSWERS / min(theirs),
            goal=GOAL,
            versions={"polars": pl.__version__, "python": platform.python_version()},
        )
    ]


def _timed(run: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    outcome = run()
    return outcome, time.perf_counter() - start
