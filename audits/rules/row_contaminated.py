"""Rule `row.contaminated`: rows that hold a piece of a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, ClassVar, Final

import numpy as np
import polars as pl
from pydantic import Field

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.texts.ngrams import Grams, Hashes, Places
from strigil.data.rows import completion_text, prompt_text

# Texts whose runs of words are held in memory together.
SLICE: Final = 20_000
# Pairs of a row and an item that are counted together: many items may begin alike, and many rows like them.
PAIRS: Final = 2_000_000


class RowContaminated(Rule):
    """Rejects rows that hold much of an item of a benchmark, in the prompt or the completion.

    The score is the share of an item's runs of `words` words that the row has, of at most twice as many: with the
    threshold of .5, thirteen words and twelve more in a row, or half of a shorter item. At .01 one run is too many, as
    Brown et al. had it; a sentence that many problems begin with then counts. An item is the benchmark's prompt or its
    completion. White space, punctuation, case and the values of numbers do not count, so that an item whose numbers
    were changed is found. Evidence is the benchmark and the item's place in it, from 1. Out of reach: items of fewer
    words, other wordings, translations. Benchmarks are read as `strigil gate` reads data: paths, releases, or names on
    the Hub.

    Source: Brown et al., 2020, appendix C (13 words).
    """

    threshold: ClassVar[float] = 0.5
    name: ClassVar[str] = "row.contaminated"
    version: ClassVar[str] = "2"
    looks_at: ClassVar[str] = "prompt and completion"
    highest: ClassVar[float] = 1.0

    benchmarks: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="files, releases, or names on the Hub"
    )
    words: int = Field(default=13, ge=3, le=100, description="words in a row that are too many to be chance")

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores the share of the item that the row has most of."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """Reads the benchmarks.

        Raises:
            DataError: A benchmark cannot be read, or has no item of that many words.
        """
        return _Index.read(self.benchmarks, n=self.words)


@dataclass(frozen=True)
class _Index:
    """The runs of words of all benchmarks, sorted, each once for every item that has it.

    Attributes:
        items: The name of each item; a prompt and its completion have the same.
        enough: How many of an item's runs make a score of 1.
    """

    n: int
    hashes: Hashes
    owners: Places
    items: pl.Series
    enough: Places

    @classmethod
    def read(cls, benchmarks: tuple[str, ...], *, n: int) -> _Index:
        from strigil.common.errors import DataError
        from strigil.sources.open_rows import open_rows

        texts: list[pl.Series] = []
        names: list[str] = []
        for address in benchmarks:
            with open_rows(address) as source:
                found = source.frame.select(prompt=_PROMPT, completion=_COMPLETION).collect().get_columns()
            if not any(len(Grams.of(part, n=n).hashes) for part in found):
                message = f"rule 'row.contaminated': no item of {address} has {n} words"
                raise DataError(message, hint="a smaller number of words, or another benchmark")
            texts += found
            names += [f"{address}, item {place + 1}" for place in range(len(found[0]))] * 2
        grams = Grams.of(pl.concat(texts), n=n)
        # A run that comes twice in an item is one.
        once = np.unique(np.rec.fromarrays([grams.hashes, grams.texts]))
        hashes, owners = np.ascontiguousarray(once["f0"]), np.ascontiguousarray(once["f1"])
        runs = np.bincount(owners, minlength=len(names))
        return cls(n, hashes, owners, pl.Series(names), np.clip(runs, 1, 2 * n))

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        texts = rows.select(pl.concat_str([_PROMPT, _COMPLETION], separator=_APART)).to_series()
        return pl.concat([self._findings(some) for some in _slices(texts)])

    def _findings(self, texts: pl.Series) -> pl.DataFrame:
        grams = Grams.of(texts, n=self.n)
        first, last = (np.searchsorted(self.hashes, grams.hashes, side=side) for side in ("left", "right"))
        # A run that comes twice in a row is one.
        hits = pl.DataFrame({"row": grams.texts, "run": grams.hashes, "first": first, "count": last - first})
        hits = hits.filter(pl.col("count") > 0).unique(["row", "run"], keep="first", maintain_order=True)
        most = pl.concat([self._most(hits[start:end]) for start, end in pairwise(_blocks(hits))] or [self._most(hits)])
        every = pl.DataFrame({"row": np.arange(len(texts))})
        found = every.join(most, on="row", how="left", maintain_order="left")
        reason = pl.when(pl.col("item").is_not_null()).then(pl.lit("overlaps a benchmark"))
        return found.select(
            score=pl.col("score").fill_null(0.0), reason=reason, evidence=pl.lit(self.items).gather(pl.col("item"))
        ).cast(FINDINGS)

    def _most(self, hits: pl.DataFrame) -> pl.DataFrame:
        """Of each row with hits, the item that it has most of, and the share."""
        counts, first = hits["count"].to_numpy(), hits["first"].to_numpy()
        # Every item that has the run: places first, first + 1, ... of the index.
        at = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        pairs = pl.DataFrame({"row": np.repeat(hits["row"].to_numpy(), counts), "item": self.owners[at]})
        found = pairs.group_by("row", "item", maintain_order=True).agg(runs=pl.len())
        share = found["runs"].to_numpy() / self.enough[found["item"].to_numpy()]
        return (
            found.select("row", "item", score=pl.Series(np.minimum(share, 1.0)))
            .sort("score", descending=True, maintain_order=True)
            .unique("row", keep="first", maintain_order=True)
        )


_PROMPT: Final = prompt_text().fill_null("")
_COMPLETION: Final = completion_text().fill_null("")
# Words that no text holds part the two, so that no run goes from one into the other.
_APART: Final = " zqxprompt " * 2


def _blocks(hits: pl.DataFrame) -> list[int]:
    """Where to part hits, at the ends of rows, so that a block has no more than `PAIRS` items in all; a row may."""
    pairs = np.cumsum(hits["count"].to_numpy())
    ends = np.flatnonzero(np.diff(hits["row"].to_numpy(), append=-1)) + 1
    parted = [0]
    while parted[-1] < len(hits):
        before = pairs[parted[-1] - 1] if parted[-1] else 0
        fitting = int(np.searchsorted(pairs[ends - 1], before + PAIRS, side="right"))
        own = int(np.searchsorted(ends, parted[-1], side="right"))
        parted.append(int(ends[max(fitting - 1, own)]))
    return parted


def _slices(texts: pl.Series) -> list[pl.Series]:
    return [texts.slice(start, SLICE) for start in range(0, len(texts), SLICE)] or [texts]
