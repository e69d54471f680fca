"""Runs of n words of texts, hashed: what two texts have in common word for word, but for white space and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

Hashes: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.int64]

WORD: Final = r"[0-9]+(?:[.,][0-9]+)*|[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}]+"
NUMBER: Final = r"^[0-9].*$"
FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Grams:
    """The n-grams of texts: `hashes[i]` is one of text `texts[i]`."""

    hashes: Hashes
    texts: Places

    @classmethod
    def of(cls, texts: pl.Series, *, n: int) -> Self:
        """All runs of n words in a row, numbers all alike, letters small; a text of fewer words has none.

        Args:
            texts: Texts without nulls.
            n: Words in a run; a Chinese or Japanese character is a word.
        """
        words = texts.str.to_lowercase().str.extract_all(WORD)
        counts = words.list.len().to_numpy().astype(np.int64)
        plain = words.explode(empty_as_null=False).str.replace(NUMBER, "0")
        values = plain.hash(seed=11).to_numpy()
        if len(values) < n:
            return cls(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int64))
        starts = np.arange(len(values) - n + 1)
        text_of = np.repeat(np.arange(len(texts)), counts)
        within = text_of[starts] == text_of[starts + n - 1]
        starts = starts[within]
        mixed = np.zeros(len(starts), dtype=np.uint64)
        for step in range(n):
            mixed = (mixed ^ (mixed >> np.uint64(29))) * FACTOR + values[starts + step]
        return cls(mixed, text_of[starts])
