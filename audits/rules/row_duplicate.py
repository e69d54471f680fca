"""Rule `row.duplicate`: rows that repeat an earlier one, exactly or nearly."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, Literal

import numpy as np
import polars as pl
from pydantic import Field

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.texts.first_seen import Places, Seen
from strigil.audits.texts.minhash import BANDS, LENGTH, Signatures, band_keys, signatures
from strigil.data.rows import completion_text, prompt_text

# A lower similarity is no reason to say anything.
WORTH_A_WORD: Final = 0.5


class RowDuplicate(Rule):
    """Rejects rows whose text came before in the table; the first occurrence stays.

    Texts are the same when a 64-bit hash is. Near duplicates are found by MinHash, where an earlier row shares a band
    with the text; the score is the estimated similarity of their sets of shingles, so that one format of the same
    numbers is as good as another. Rows are remembered for a run: 100 bytes each, 600 with `near`.
    """

    threshold: ClassVar[float] = 0.9
    name: ClassVar[str] = "row.duplicate"
    compares_rows: ClassVar[bool] = True

    of: Literal["completion", "prompt and completion"] = "completion"
    near: bool = True
    shingle: int = Field(
        default=3, ge=1, le=20, description="words or numbers in a row that make an element of the set"
    )

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Scores a whole table; evidence is the id of the earlier row."""
        return self.scorer()(rows)

    def scorer(self) -> Callable[[pl.DataFrame], pl.DataFrame]:
        """A scorer that remembers earlier batches."""
        return _Memory(self)


class _Memory:
    """What one run has seen."""

    def __init__(self, rule: RowDuplicate) -> None:
        self._rule = rule
        self._texts = Seen()
        self._bands = [Seen() for _ in range(BANDS)]
        self._signatures: Signatures = np.empty((0, LENGTH), dtype=np.uint32)
        self._ids = pl.Series("row_id", [], dtype=pl.String)
        self._count = 0

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        text = completion_text().fill_null("")
        if self._rule.of == "prompt and completion":
            text = pl.concat_str([prompt_text().fill_null(""), text], separator="\n\x00\n")
        texts = rows.select(text.alias("text")).to_series()
        own = np.arange(self._count, self._count + len(texts))
        first = self._texts.first_places(texts.hash(seed=1).to_numpy())
        self._ids = pl.concat([self._ids, rows["row_id"]])
        score = (first < own).astype(np.float64)
        same = pl.Series(first < own)
        if self._rule.near:
            nearest, similarity = self._nearest(texts, own)
            closer = similarity > score
            score, first = np.maximum(score, similarity), np.where(closer, nearest, first)
        self._count += len(texts)
        said = pl.select(
            pl.when(same)
            .then(pl.lit("same as an earlier row"))
            .when(pl.Series(score >= WORTH_A_WORD))
            .then(pl.lit("much like an earlier row"))
        ).to_series()
        return pl.DataFrame(
            {
                "score": score,
                "reason": said,
                "evidence": pl.select(pl.when(said.is_not_null()).then(self._ids.gather(first))).to_series(),
            },
            schema=FINDINGS,
        )

    def _nearest(self, texts: pl.Series, own: Places) -> tuple[Places, np.ndarray[tuple[int], np.dtype[np.float64]]]:
        """For each text the earlier row that is most like it among those sharing a band, and how much."""
        found = signatures(texts, shingle=self._rule.shingle)
        self._keep(found)
        nearest, similarity = own.copy(), np.zeros(len(own))
        for seen, keys in zip(self._bands, band_keys(found), strict=True):
            place = seen.first_places(keys)
            earlier = np.flatnonzero(place < own)
            agreement = (self._signatures[place[earlier]] == found[earlier]).mean(axis=1)
            better = agreement > similarity[earlier]
            chosen = earlier[better]
            nearest[chosen], similarity[chosen] = place[chosen], agreement[better]
        return nearest, similarity

    def _keep(self, found: Signatures) -> None:
        needed = self._count + len(found)
        if needed > len(self._signatures):
            grown = np.empty((max(needed, 2 * len(self._signatures)), LENGTH), dtype=np.uint32)
            grown[: self._count] = self._signatures[: self._count]
            self._signatures = grown
        self._signatures[self._count : needed] = found
