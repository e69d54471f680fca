"""Rules made of expressions over texts, on every core."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import polars as pl

SMALLEST_SHARE: Final = 10_000


def in_shares(texts: pl.Series, score: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Scores texts in shares, one for each of polars' threads, and puts the findings together in order.

    An expression on one column runs on one thread; polars lets go of the interpreter's lock while it does.
    """
    share = max(-(-len(texts) // pl.thread_pool_size()), SMALLEST_SHARE)
    if len(texts) <= share:
        return score(texts)
    with ThreadPoolExecutor() as pool:
        return pl.concat(pool.map(score, (texts.slice(start, share) for start in range(0, len(texts), share))))
