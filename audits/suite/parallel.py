"""Rules made of expressions over texts, on every core."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import polars as pl

# Texts: small enough that a busy core delays little, large enough that compiling the expressions costs nothing.
SHARE: Final = 250_000


def in_shares(texts: pl.Series, score: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Scores texts in shares, as many at a time as polars has threads, and puts the findings together in order.

    An expression on one column runs on one thread; polars lets go of the interpreter's lock while it does.
    """
    shares = [texts.slice(start, SHARE) for start in range(0, max(len(texts), 1), SHARE)]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return pl.concat(pool.map(score, shares))
