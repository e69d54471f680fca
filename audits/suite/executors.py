"""Where rules score: in this process, or on a Ray cluster. What comes out is the same, in the same order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from typing import Final, TypeAlias

import polars as pl

from strigil.audits.rules.rule import FINDINGS, Rule
from strigil.common.errors import DataError, StrigilError
from strigil.parallel.jobs import in_order
from strigil.parallel.ray_actors import Actors
from strigil.parallel.ray_cluster import Ray

SHARE: Final = 10_000
"""Rows that every rule scores before any scores the next ones."""


class RuleFailedError(DataError):
    """A rule that gave no findings, or none that can be used; `rule` is its name."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule


@dataclass(frozen=True)
class Scored:
    """A batch of n rows with each rule's findings, n lines each, in the order of the rules.

    `seconds` is what each rule took for it, where the rules scored in this process.
    """

    rows: pl.DataFrame
    findings: list[pl.DataFrame]
    seconds: tuple[float, ...] = ()


Executor: TypeAlias = Callable[[Sequence[Rule], Iterable[pl.DataFrame]], Iterator[Scored]]
"""Scores batches of rows with every rule; gives them back in order."""


@dataclass(frozen=True)
class _Scorer:
    """A rule at work on one table."""

    rule: str
    score: Callable[[pl.DataFrame], pl.DataFrame]

    def __call__(self, rows: pl.DataFrame) -> pl.DataFrame:
        try:
            found = self.score(rows)
        except StrigilError:
            raise
        except Exception as error:  # rules come from anybody, and whatever one raises is about that rule
            last = extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}, line {last.lineno}"
            message = f"rule {self.rule!r} crashed: {type(error).__name__} in {where}"
            raise RuleFailedError(self.rule, message) from error
        if found.schema != FINDINGS or found.height != rows.height:
            message = f"rule {self.rule!r} returned {found.height} lines of {found.schema} for {rows.height} rows"
            raise RuleFailedError(self.rule, message)
        if not found["score"].is_finite().all() or found["score"].has_nulls():
            message = f"rule {self.rule!r} gave rows no score, and every rule scores every row"
            raise RuleFailedError(self.rule, message)
        return found


def score_here(rules: Sequence[Rule], batches: Iterable[pl.DataFrame]) -> Iterator[Scored]:
    """Scores in this process."""
    scorers = _scorers(rules)
    for rows in batches:
        # Rules about the same thing take turns on few rows, so that one need not read anew what another just read.
        seconds = [0.0] * len(scorers)
        slices = list(rows.iter_slices(SHARE)) or [rows]
        parts = [[_timed(score, some, seconds, place) for place, score in enumerate(scorers)] for some in slices]
        yield Scored(rows, [pl.concat(found) for found in zip(*parts, strict=True)], tuple(seconds))


@dataclass(frozen=True)
class OnRay:
    """Scores with actors of a Ray cluster, but for rules that compare rows: these see all of them, here and in order.

    Scores that a model computes can differ in the last bits from those of another processor.

    Raises:
        PrerequisiteError: Ray is not installed, or its cluster does not answer or has no room.
    """

    size: Ray
    note: Callable[[str], None]

    def __call__(self, rules: Sequence[Rule], batches: Iterable[pl.DataFrame]) -> Iterator[Scored]:
        """Scores batches in shares."""
        comparing = _scorers([rule for rule in rules if rule.compares_rows])
        apart = [rule for rule in rules if not rule.compares_rows]
        sent: deque[pl.DataFrame] = deque()
        found: list[list[pl.DataFrame]] = []
        with Actors(partial(_scorers, apart), self.size, note=self.note) as actors:
            for findings in in_order(actors.run(_shares(batches, sent))):
                found.append(findings)
                if len(found) * SHARE < sent[0].height:
                    continue
                rows = sent.popleft()
                here = iter(_findings(rows, comparing))
                there = iter([pl.concat(parts) for parts in zip(*found, strict=True)])
                found = []
                yield Scored(rows, [next(here if rule.compares_rows else there) for rule in rules])


def _shares(
    batches: Iterable[pl.DataFrame], sent: deque[pl.DataFrame]
) -> Iterator[Callable[[list[_Scorer]], list[pl.DataFrame]]]:
    for rows in batches:
        if rows.is_empty():
            continue
        sent.append(rows)
        for share in rows.iter_slices(SHARE):
            yield partial(_findings, share)


def _scorers(rules: Sequence[Rule]) -> list[_Scorer]:
    return [_Scorer(rule.name, rule.scorer()) for rule in rules]


def _timed(score: _Scorer, rows: pl.DataFrame, seconds: list[float], place: int) -> pl.DataFrame:
    started = perf_counter()
    found = score(rows)
    seconds[place] += perf_counter() - started
    return found


def _findings(rows: pl.DataFrame, scorers: list[_Scorer]) -> list[pl.DataFrame]:
    return [score(rows) for score in scorers]
