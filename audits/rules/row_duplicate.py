"""Rule `row.duplicate`: rows that repeat an earlier one, exactly or nearly."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import ClassVar, Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import Field

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.audits.texts.first_seen import Places, Seen
from strigil.audits.texts.minhash import BANDS, LENGTH, Signatures, band_keys, signatures
from strigil.data.answers import answers_text
from strigil.data.rows import completion_text, prompt_text

Similarity: TypeAlias = npt.NDArray[np.float64]

# A lower similarity is no reason to say anything.
WORTH_A_WORD: Final = 0.5


class RowDuplicate(Rule):
    """Rejects rows that came before in the table, prompt and completion together; the first occurrence stays.

    The prompt is all that was said before the completion, earlier answers included. Texts are the same when a 64-bit
    hash is. Near duplicates are found by MinHash, where an earlier row shares a band with the row; the score is the
    estimated similarity of their shingles, of the prompts or of the completions, whichever is lower. Operators, how
    often something comes and how brackets nest count; one format of the same numbers is as good as another. With
    `of: completion`, all that an assistant says in a row is a repetition whatever was asked: short answers ("4", "Nf3")
    then repeat each other. Rows are remembered for a run: 100 bytes each, 600 with `near`, 900 with prompts.
    """

    threshold: ClassVar[float] = 0.9
    name: ClassVar[str] = "row.duplicate"
    looks_at: ClassVar[str] = "prompt and completion"
    highest: ClassVar[float] = 1.0
    version: ClassVar[str] = "3"
    compares_rows: ClassVar[bool] = True

    of: Literal["row", "completion"] = Field(default="row", description="what must come again")
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
        self._parts = [_Signatures() for _ in range(2 if rule.of == "row" else 1)]
        self._ids = pl.Series("row_id", [], dtype=pl.String)
        self._count = 0

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        whole = self._rule.of == "row"
        parts = [completion_text().fill_null(""), prompt_text().fill_null("")] if whole else [answers_text()]
        texts = rows.select(pl.concat_str(parts, separator="\n\x00\n").alias("text")).to_series()
        own = np.arange(self._count, self._count + len(texts))
        first = self._texts.first_places(texts.hash(seed=1).to_numpy())
        self._ids = pl.concat([self._ids, rows["row_id"]])
        score = (first < own).astype(np.float64)
        same = pl.Series(first < own)
        if self._rule.near:
            nearest, similarity = self._nearest([rows.select(part).to_series() for part in parts], own)
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

    def _nearest(self, texts: list[pl.Series], own: Places) -> tuple[Places, Similarity]:
        """For each row the earlier one that is most like it among those sharing a band, and how much."""
        found = [signatures(part, shingle=self._rule.shingle) for part in texts]
        for memory, new in zip(self._parts, found, strict=True):
            memory.add(new)
        bands = reduce(np.bitwise_xor, [_rotated(band_keys(new), part) for part, new in enumerate(found)])
        nearest, similarity = own.copy(), np.zeros(len(own))
        for seen, keys in zip(self._bands, bands, strict=True):
            place = seen.first_places(keys)
            earlier = np.flatnonzero(place < own)
            agreement = np.min(
                [
                    (memory.of(place[earlier]) == new[earlier]).mean(axis=1)
                    for memory, new in zip(self._parts, found, strict=True)
                ],
                axis=0,
            )
            better = agreement > similarity[earlier]
            chosen = earlier[better]
            nearest[chosen], similarity[chosen] = place[chosen], agreement[better]
        return nearest, similarity


class _Signatures:
    """The signatures of all rows so far, in one array that grows by doubling."""

    def __init__(self) -> None:
        self._kept: Signatures = np.empty((0, LENGTH), dtype=np.uint32)
        self._count = 0

    def add(self, found: Signatures) -> None:
        """Keeps n more."""
        needed = self._count + len(found)
        if needed > len(self._kept):
            grown = np.empty((max(needed, 2 * len(self._kept)), LENGTH), dtype=np.uint32)
            grown[: self._count] = self._kept[: self._count]
            self._kept = grown
        self._kept[self._count : needed] = found
        self._count = needed

    def of(self, places: Places) -> Signatures:
        """Those at n places, (n, LENGTH)."""
        return self._kept[places]


def _rotated(keys: npt.NDArray[np.uint64], part: int) -> npt.NDArray[np.uint64]:
    """Keys that do not cancel out where two parts of a row are the same text."""
    if not part:
        return keys
    return (keys << np.uint64(13 * part)) | (keys >> np.uint64(64 - 13 * part))
