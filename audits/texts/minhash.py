"""MinHash: a short signature of a set of shingles, whose agreement estimates how similar two sets are."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

Signatures: TypeAlias = npt.NDArray[np.uint32]

LENGTH: Final = 64
BANDS: Final = 16
"""Two texts of similarity s meet in a band with probability 1 - (1 - s**4)**16: 0.9999 at 0.8, 0.65 at 0.5."""
# Numbers, Chinese and Japanese characters, words, operators, and brackets that stand in brackets; what only parts the
# items of a list says nothing, so that one format of the same numbers is as good as another.
WORD: Final = (
    r"[0-9]+(?:\.[0-9]+)?|[\p{Han}\p{Hiragana}\p{Katakana}]|\p{L}+(?:[-'\x{2019}]\p{L}+)*|[-+*/%<>=&|^~@]+|!="
    r"|[\[({]\s*[\[({]|[\])}]\s*,\s*[\[({]"
)
# Texts whose shingles are hashed together: a bound on memory, and few enough for a processor's cache.
SLICE: Final = 1_000
_RNG = np.random.default_rng(20_250_722)
MULTIPLIERS: Final = _RNG.integers(0, 2**63, LENGTH, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
OFFSETS: Final = _RNG.integers(0, 2**63, LENGTH, dtype=np.uint64)


def signatures(texts: pl.Series, *, shingle: int) -> Signatures:
    """Signatures of texts.

    Args:
        texts: n texts without nulls.
        shingle: How many words in a row are one element of the set; a word is a number, a run of letters, a Chinese or
            Japanese character, an operator, or where brackets nest. A shorter text is one shingle. A shingle that comes
            twice is two elements.

    Returns:
        (n, LENGTH) minima; the texts' similarity (Jaccard) is about the share of equal columns.

    Source: Broder, 1997, "On the resemblance and containment of documents"; bands: Leskovec et al., 2014, chapter 3.
    """
    numbered = pl.DataFrame({"text": texts}).with_row_index("place")
    first = numbered.select(pl.col("place").first().over("text")).to_series().to_numpy()
    new = first == np.arange(len(texts))
    distinct = texts.filter(pl.Series(new, dtype=pl.Boolean))
    parts = [_signatures(distinct.slice(start, SLICE), shingle) for start in range(0, len(distinct), SLICE)]
    found = np.concatenate(parts) if parts else np.empty((0, LENGTH), dtype=np.uint32)
    return found if len(found) == len(texts) else found[(np.cumsum(new) - 1)[first]]


def band_keys(signatures: Signatures) -> npt.NDArray[np.uint64]:
    """(BANDS, n) keys; texts with an equal key in any band are worth comparing."""
    grouped = signatures.reshape(len(signatures), BANDS, LENGTH // BANDS).astype(np.uint64)
    keys = np.zeros((len(signatures), BANDS), dtype=np.uint64)
    for column in range(LENGTH // BANDS):
        keys = _mixed(keys, grouped[:, :, column])
    return np.ascontiguousarray(keys.T)


def _signatures(texts: pl.Series, shingle: int) -> Signatures:
    small = texts.str.to_lowercase()
    words = small.str.extract_all(WORD)
    # A text without words is one word, so that two of them are alike only where they are the same.
    words = pl.select(pl.when(words.list.len() == 0).then(pl.concat_list(small)).otherwise(words)).to_series()
    counts = words.list.len().to_numpy().astype(np.int64)
    values = words.explode().hash(seed=7).to_numpy()
    shingles, starts = _shingles(values, counts, shingle)
    shingles = _numbered(shingles, starts)
    found, hashes = np.empty((LENGTH, len(texts)), dtype=np.uint32), np.empty_like(shingles)
    for column, (multiplier, offset) in enumerate(zip(MULTIPLIERS, OFFSETS, strict=True)):
        np.multiply(shingles, multiplier, out=hashes)
        np.add(hashes, offset, out=hashes)
        found[column] = np.minimum.reduceat(hashes, starts) >> np.uint64(32)
    return np.ascontiguousarray(found.T)


def _shingles(
    values: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64], shingle: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The shingles of texts, one text after the other, and where each text's begin."""
    ends = np.cumsum(counts)
    starts, places = ends - counts, np.arange(len(values))
    end_of, start_of = np.repeat(ends, counts), np.repeat(starts, counts)
    mixed = values.copy()
    for step in range(1, shingle):
        follower = np.zeros_like(values)
        follower[:-step] = values[step:]
        follower[places + step >= end_of] = 0
        mixed = _mixed(mixed, follower)
    kept = (places + shingle <= end_of) | (places == start_of)
    numbers = np.maximum(counts - shingle + 1, 1)
    return mixed[kept], np.cumsum(numbers) - numbers


def _numbered(shingles: npt.NDArray[np.uint64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """The same with the second, third … occurrence in a text told apart: twelve zeros are not three."""
    if not len(shingles):
        return shingles
    text = np.repeat(np.arange(len(starts), dtype=np.uint64), np.diff(starts, append=len(shingles)))
    keys = _mixed(shingles, text)
    ordered = np.sort(keys)
    common = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(common):
        return shingles
    # Only those that come again are put in order: places are sorted far slower than values.
    come_again = np.flatnonzero(common[np.minimum(np.searchsorted(common, keys), len(common) - 1)] == keys)
    order = come_again[np.argsort(keys[come_again], kind="stable")]
    ordered = keys[order]
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    ranks = np.arange(len(ordered)) - np.repeat(begins, np.diff(begins, append=len(ordered)))
    again = ranks > 0
    numbered = shingles.copy()
    numbered[order[again]] = _mixed(numbered[order[again]], ranks[again].astype(np.uint64))
    return numbered


def _mixed(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    product = (left ^ (right >> np.uint64(1))) * np.uint64(0x9E3779B97F4A7C15) + right
    return product ^ (product >> np.uint64(29))
