"""What an audit counts, batch by batch, in memory that does not grow with the rows (but for eight bytes a row id)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from strigil.audits.suite.suite import ChosenRule, Suite
from strigil.common.errors import DataError

QUANTILES = (0.0, 0.5, 0.9, 0.99, 1.0)
# Scores are counted at this many significant digits: at most 900 values a decade, whatever the number of rows.
_DIGITS = 3


@dataclass(frozen=True)
class RuleCount:
    """What one rule found.

    Attributes:
        rule: The rule.
        rejected: Rows it rejected.
        alone: Rows that it rejected and no other rule did.
        reasons: Rows by reason; adds up to `rejected`.
        scores: Quantiles of its scores over all rows ("0", "0.5", ... "1"), to three significant digits.
        above: Rows that score higher, for each score that the suite's quantiles allow.
    """

    rule: ChosenRule
    rejected: int
    alone: int
    reasons: dict[str, int]
    scores: dict[str, float]
    above: dict[float, int]


@dataclass(frozen=True)
class Overlap:
    """Rows that two rules both rejected."""

    first: str
    second: str
    rows: int


@dataclass(frozen=True)
class Summary:
    """The outcome of a suite in numbers; `overlaps` holds the pairs of rules that have rows in common."""

    suite: Suite
    rows: int
    clean: int
    truncated: int
    rules: tuple[RuleCount, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def removed(self) -> int:
        """Rows that at least one rule rejected."""
        return self.rows - self.clean


class Tally:
    """Counts of an audit in progress."""

    def __init__(self, suite: Suite) -> None:
        count = len(suite.rules)
        self._suite = suite
        self._rows = 0
        self._clean = 0
        self._truncated = 0
        self._both = np.zeros((count, count), dtype=np.int64)
        self._alone = np.zeros(count, dtype=np.int64)
        self._reasons: list[Counter[str]] = [Counter() for _ in suite.rules]
        self._scores: list[Counter[float]] = [Counter() for _ in suite.rules]
        self._above = [dict.fromkeys(chosen.allow.quantiles.values(), 0) for chosen in suite.rules]

    def add(self, rows: pl.DataFrame, findings: list[pl.DataFrame], rejected: npt.NDArray[np.bool_]) -> None:
        """Counts a batch of n rows: one table of findings a rule, and who rejected what, (rules, n)."""
        against = rejected.sum(axis=0)
        self._rows += rows.height
        self._clean += int((against == 0).sum())
        self._truncated += int((rows["finish_reason"] == "length").sum())
        self._both += (rejected[:, None, :] & rejected[None, :, :]).sum(axis=2)
        self._alone += (rejected & (against == 1)).sum(axis=1)
        for place, found in enumerate(findings):
            reasons = found["reason"].filter(pl.Series(rejected[place])).fill_null("no reason given").value_counts()
            self._reasons[place].update(dict(reasons.iter_rows()))
            self._scores[place].update(dict(found["score"].round_sig_figs(_DIGITS).value_counts().iter_rows()))
            for score in self._above[place]:
                self._above[place][score] += int((found["score"] > score).sum())

    def summary(self) -> Summary:
        """The counts so far."""
        names = [chosen.rule.name for chosen in self._suite.rules]
        pairs = [(i, j) for i in range(len(names)) for j in range(i + 1, len(names)) if self._both[i, j]]
        return Summary(
            suite=self._suite,
            rows=self._rows,
            clean=self._clean,
            truncated=self._truncated,
            rules=tuple(
                RuleCount(
                    rule=chosen,
                    rejected=int(self._both[place, place]),
                    alone=int(self._alone[place]),
                    reasons=dict(sorted(self._reasons[place].items(), key=lambda item: (-item[1], item[0]))),
                    scores=_quantiles(self._scores[place]),
                    above=dict(self._above[place]),
                )
                for place, chosen in enumerate(self._suite.rules)
            ),
            overlaps=tuple(Overlap(names[i], names[j], int(self._both[i, j])) for i, j in pairs),
        )


def _quantiles(scores: Counter[float]) -> dict[str, float]:
    """The smallest score that at least this share of the rows does not exceed."""
    values = np.array(sorted(scores))
    reached = np.cumsum([scores[value] for value in values.tolist()])
    places = np.searchsorted(reached, np.ceil(np.array(QUANTILES) * reached[-1]).clip(1))
    return {f"{share:g}": float(value) for share, value in zip(QUANTILES, values[places], strict=True)}


class RowIds:
    """Ids of the rows so far, as 64-bit hashes: of ten million ids, two share one by chance in 3 of 10^6 runs."""

    def __init__(self) -> None:
        self._hashes: list[npt.NDArray[np.uint64]] = []

    def add(self, ids: pl.Series) -> None:
        """Notes the ids of a batch."""
        self._hashes.append(ids.hash(seed=0).to_numpy())

    def check_unique(self, *, source: str) -> None:
        """Makes sure that no id came twice.

        Raises:
            DataError: One did.
        """
        hashes = self.hashes()
        repeats = int((hashes[1:] == hashes[:-1]).sum())
        if repeats:
            message = f"{source}: the column 'row_id' repeats itself in {repeats} rows"
            raise DataError(message, hint="a row id names one row; leave the repeated rows out")

    def hashes(self) -> npt.NDArray[np.uint64]:
        """All hashes, sorted."""
        joined: npt.NDArray[np.uint64] = np.concatenate([np.empty(0, dtype=np.uint64), *self._hashes])
        self._hashes = [joined]
        joined.sort()
        return joined
