"""`probe.frequencies`: digits, numbers and words that are rarer or commoner than in a control."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from pydantic import Field

from strigil.audits.probes.calibration import adjusted, conclude
from strigil.audits.probes.control_probe import SMALLEST, ControlProbe
from strigil.audits.probes.probe import Null, ProbeResult, Statistic
from strigil.common.extras import STATISTICS, needing
from strigil.data.rows import completion_text

if TYPE_CHECKING:
    import polars as pl
    from scipy.sparse import csr_matrix

    from strigil.audits.probes.control_probe import FloatArray

KINDS: Final = {"digits": r"\d", "numbers": r"\d+", "words": r"[^\W\d]+"}
# Rarer ones share one cell, as a test of frequencies wants it.
RAREST: Final = 20


class FrequenciesProbe(ControlProbe):
    """Chi-squared over digits, numbers and words, with the null of rows that were dealt to the two sides at random.

    The textbook distribution of chi-squared would take the tokens of a row for independent ones, which they are not:
    a list that counts up holds each digit in turn.
    """

    name = "probe.frequencies"

    permutations: int = Field(default=399, ge=99, description="random deals; no p-value is below 1 / (1 + this)")
    seed: int = 0

    def compare(self, rows: pl.DataFrame, control: pl.DataFrame, *, data: str) -> ProbeResult:
        """Chi-squared by kind, over its degrees of freedom; 1 is what chance gives to independent tokens."""
        texts = [table.select(completion_text().fill_null("")).to_series().to_list() for table in (rows, control)]
        mine = (np.arange(len(texts[0]) + len(texts[1])) < len(texts[0])).astype(np.float64)
        statistics = []
        for kind, pattern in KINDS.items():
            counts = _counts([*texts[0], *texts[1]], pattern)
            if counts.shape[1] < 2:
                continue
            observed, null = self._dealt(counts, mine)
            p_value = (1 + int((null >= observed).sum())) / (1 + self.permutations)
            statistics.append(
                Statistic(
                    name=kind,
                    value=observed,
                    null_mean=float(null.mean()),
                    deviations=float((observed - null.mean()) / max(null.std(), 1e-12)),
                    p_value=p_value,
                )
            )
        enough = min(len(text) for text in texts) >= SMALLEST and bool(statistics)
        return conclude(
            self,
            adjusted(statistics or [Statistic(name="words", value=0.0)]),
            Null(kind="permuted rows", size=self.permutations if enough else 0),
            data=data,
            rows=rows.height,
            what="are not as frequent as in the control",
            smallest=self.permutations,
        )

    def _dealt(self, counts: csr_matrix, mine: FloatArray) -> tuple[float, FloatArray]:
        """Chi-squared over its degrees of freedom for the real deal, and for random ones."""
        generator = np.random.default_rng(self.seed)
        deals = np.stack([mine, *(generator.permutation(mine) for _ in range(self.permutations))])
        total = np.asarray(counts.sum(axis=0)).ravel()
        observed = np.asarray(deals @ counts)
        share = observed.sum(axis=1, keepdims=True) / total.sum()
        expected = share * total
        other = total - expected
        # Both sides of the table: what one has more, the other has less.
        values: FloatArray = ((observed - expected) ** 2 * (1 / expected + 1 / other)).sum(axis=1) / (total.size - 1)
        return float(values[0]), values[1:]


def _counts(texts: Sequence[str], pattern: str) -> csr_matrix:
    """(texts, different words): how often each occurs; rare ones share the last column."""
    with needing(STATISTICS):
        from scipy.sparse import csr_matrix

    columns: dict[str, int] = {}
    rows, places = [], []
    for row, text in enumerate(texts):
        for word in re.findall(pattern, text):
            rows.append(row)
            places.append(columns.setdefault(word, len(columns)))
    totals = np.bincount(places, minlength=len(columns)) if places else np.empty(0, dtype=np.int64)
    common = totals >= RAREST
    target = np.where(common, np.cumsum(common) - 1, common.sum())
    width = int(common.sum()) + int((~common).any())
    ones = np.ones(len(rows))
    return csr_matrix((ones, (rows, target[places] if places else [])), shape=(len(texts), width))
