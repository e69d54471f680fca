"""Rule `row.contaminated`: rows that hold a piece of a benchmark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import numpy as np
import polars as pl
from pydantic import Field

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.texts.ngrams import Grams, Hashes, Places
from strigil.data.rows import completion_text, prompt_text

# Texts whose runs of words are held in memory together.
SLICE: Final = 20_000


class RowContaminated(Rule):
    """Rejects rows of which `words` words in a row, in prompt or completion, stand in an item of a benchmark.

    White space, punctuation, case and the values of numbers do not count, so that an item whose numbers were changed is
    found. Evidence is the benchmark and the item's place in it, from 1. Out of reach: items of fewer words, other
    wordings, translations. Benchmarks are read as `strigil gate` reads data: paths, releases, or names on the Hub.

    Source: Brown et al., 2020, appendix C (13 words).
    """

    name: ClassVar[str] = "row.contaminated"
    looks_at: ClassVar[str] = "prompt and completion"
    highest: ClassVar[float] = 1.0

    benchmarks: Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        description="files, releases, or names on the Hub"
    )
    words: int = Field(default=13, ge=3, le=100, description="words in a row that are too many to be chance")

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores 1 where a run of words is a benchmark's."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """Reads the benchmarks.

        Raises:
            DataError: A benchmark cannot be read, or has no item of that many words.
        """
        return _Index.read(self.benchmarks, n=self.words)


@dataclass(frozen=True)
class _Index:
    """The runs of words of all benchmarks, sorted, each with its item; the name of item i is `items[i]`."""

    n: int
    hashes: Hashes
    owners: Places
    items: pl.Series

    @classmethod
    def read(cls, benchmarks: tuple[str, ...], *, n: int) -> _Index:
        from strigil.common.errors import DataError
        from strigil.sources.open_rows import open_rows

        texts, names = [], []
        for address in benchmarks:
            with open_rows(address) as source:
                found = source.frame.select(text=_text()).collect()["text"]
            grams = Grams.of(found, n=n)
            if not len(grams.hashes):
                message = f"rule 'row.contaminated': no item of {address} has {n} words"
                raise DataError(message, hint="a smaller number of words, or another benchmark")
            texts.append(found)
            names += [f"{address}, item {place + 1}" for place in range(len(found))]
        grams = Grams.of(pl.concat(texts), n=n)
        order = np.argsort(grams.hashes, kind="stable")
        return cls(n, grams.hashes[order], grams.texts[order], pl.Series(names))

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        texts = rows.select(text=_text())["text"]
        return pl.concat([self._findings(some) for some in _slices(texts)])

    def _findings(self, texts: pl.Series) -> pl.DataFrame:
        grams = Grams.of(texts, n=self.n)
        at = np.minimum(np.searchsorted(self.hashes, grams.hashes), len(self.hashes) - 1)
        hit = self.hashes[at] == grams.hashes
        where, first = np.unique(grams.texts[hit], return_index=True)
        owners = np.full(len(texts), -1, dtype=np.int64)
        owners[where] = self.owners[at[hit][first]]
        found = pl.Series(owners)
        evidence = self.items.gather(pl.select(pl.when(found >= 0).then(found)).to_series())
        return pl.DataFrame(
            {
                "score": (owners >= 0).astype(np.float64),
                "reason": pl.select(pl.when(found >= 0).then(pl.lit("overlaps a benchmark"))).to_series(),
                "evidence": evidence,
            },
            schema=FINDINGS,
        )


def _text() -> pl.Expr:
    # Words that no text holds part the two, so that no run goes from one into the other.
    return pl.concat_str([prompt_text().fill_null(""), completion_text().fill_null("")], separator=" zqxprompt " * 2)


def _slices(texts: pl.Series) -> list[pl.Series]:
    return [texts.slice(start, SLICE) for start in range(0, len(texts), SLICE)] or [texts]
