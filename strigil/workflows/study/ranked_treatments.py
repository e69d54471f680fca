"""Ranked treatments of a study: what each must know and costs, how well its score tells rows apart, what it leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from strigil.audits.scores.requirements import Cost as Passes
from strigil.audits.scores.score import Score, ScoreContext
from strigil.audits.treatments.ranked import ScoredTreatment, TokenTreatment
from strigil.audits.treatments.treatment import Treatment
from strigil.common.errors import StrigilError
from strigil.records.study.accounts import Entry, TraitAccount
from strigil.records.study.tables import CleaningRecord
from strigil.releases.manifest import TreatmentRecord
from strigil.releases.store import Release, open_release
from strigil.workflows.audit.score.known import what_is_known
from strigil.workflows.audit.score.scoring import (
    Comparison,
    Rows,
    ScoreTable,
    compare,
    kept_tables,
    rows_of,
    score_tables,
)
from strigil.workflows.audit.treat import parse_treatment
from strigil.workflows.study.arms import Arm
from strigil.workflows.study.cells import Cell, Cost, Making, one_by_one
from strigil.workflows.study.data import Data
from strigil.workflows.study.lengths import lengths_of
from strigil.workflows.study.throughput import timed


@dataclass(frozen=True)
class Ranking:
    """Scores of a trait's rows, and of the neutral ones that they are compared with.

    Attributes:
        by: The score, as the study has it.
    """

    by: str
    score: Score
    rows: Data
    neutral: Data

    def make(self, making: Making) -> None:
        """Scores both, through one loaded base."""
        before, engine = self.kept(), self.rows.told().engine
        with timed() as seconds:
            made = score_tables(self.score, self._tables(), self._known(), making.reporter, engine=engine)
        rows = sum(table.facts.rows for table, kept in zip(made, before, strict=True) if kept is None)
        if amount := self._passes(rows):
            making.speeds.record("score", self.rows.base, amount, seconds[0])

    def cells(self, data: Mapping[str, Cell[Data, Release]]) -> Iterator[Cell[Ranking, ScoreTable]]:
        """One for each of the two, unless rows are gone that are needed no more; the first is there with both."""
        if not {self.rows.name, self.neutral.name} <= data.keys():
            return
        scored, control = self.kept()
        amount = self._passes(self.rows.rows)
        tokens = round(amount * lengths_of(self.rows.recipe, self.rows.base).row)
        cost = Cost(self.rows.base, "score" if amount else None, amount, read=tokens)
        needs = tuple(data[each.name] for each in (self.rows, self.neutral))
        make, found = one_by_one(Ranking.make), None if control is None else scored
        first = Cell("score", f"{self.rows.label} by {self.by}", self, found, needs, cost, make)
        yield first
        yield Cell("score", f"{self.neutral.label} by {self.by}", self, control, (first,), cost, make)

    def comparison(self) -> Comparison | None:
        """How well the score tells the trait's rows from neutral ones; None before they are scored."""
        match self.kept():
            case [ScoreTable() as scored, ScoreTable() as control]:
                return compare(scored, control)
        return None

    def _tables(self) -> list[Rows]:
        releases = (data.load() for data in (self.rows, self.neutral))
        return [rows_of(release).head(self.rows.rows) for release in releases if release is not None]

    def _known(self) -> ScoreContext:
        return what_is_known(open_release(self.rows.home), self.rows.told())

    def kept(self) -> list[ScoreTable | None]:
        """The scores of both, None for those that are not there."""
        tables = self._tables()
        if len(tables) < 2:
            return [None, None]
        try:
            return kept_tables(self.score, tables, self._known(), engine=self.rows.told().engine)
        except StrigilError:
            return [None, None]

    def _passes(self, rows: int) -> float:
        return rows * (self.score.cost.forward + self.score.cost.backward)


@dataclass(frozen=True)
class RankedStep:
    """A step of a treated arm that a score ranks for, or the random drop that such an arm is matched with.

    Attributes:
        written: As the study has it.
        place: From the end of the steps of the arm's data.
        ranking: What it goes by; None where nothing depends on a ranking, or nothing neutral is there to compare with.
    """

    arm: Arm
    written: str
    place: int
    treatment: Treatment
    ranking: Ranking | None


def ranked_steps(arms: Sequence[Arm]) -> Iterator[RankedStep]:
    """Every ranked treatment of these arms, and the random drops beside them, in the order of the arms."""
    neutral = {(arm.record.carrier, arm.draw): arm.data for arm in arms if arm.record.kind == "control"}
    ranked: set[tuple[str | None, str | None, str | None]] = set()
    for arm in arms:
        record, steps = arm.record, arm.data.how
        if not isinstance(steps, tuple):
            continue
        for place, written in enumerate(steps, start=-len(steps)):
            treatment, ranking = parse_treatment(written), None
            if record.kind == "treated" and isinstance(treatment, ScoredTreatment):
                ranked.add((record.carrier, record.trait, record.label))
                beside = neutral.get((record.carrier, arm.draw))
                if treatment.share < 1 and beside is not None:
                    ranking = Ranking(treatment.by, treatment.score, arm.data.parents[0], beside)
            elif record.kind != "random-drop" or (record.carrier, record.trait, record.like) not in ranked:
                continue
            yield RankedStep(arm, written, place, treatment, ranking)


def cleanings(arms: Sequence[Arm], accounts: Sequence[TraitAccount]) -> list[CleaningRecord]:
    """One line a ranked treatment, whatever became of it, by the study's first evaluation."""
    entries = {entry.arm: entry for account in reversed(accounts) for entry in account.entries}
    steps: dict[tuple[str, int], list[RankedStep]] = {}
    for step in ranked_steps(arms):
        steps.setdefault((step.arm.record.name, step.place), []).append(step)
    return [_line(draws, entries[name]) for (name, _), draws in steps.items()]


def _line(draws: Sequence[RankedStep], entry: Entry) -> CleaningRecord:
    """A step of a treatment, its figures means over the draws that have them."""
    first = draws[0]
    arm, by = first.arm.record, first.treatment if isinstance(first.treatment, ScoredTreatment) else None
    told = [found for step in draws if step.ranking is not None and (found := step.ranking.comparison()) is not None]
    there = [(step, release) for step in draws if (release := step.arm.data.load()) is not None]
    return CleaningRecord(
        carrier=arm.carrier or "",
        trait=arm.trait or "",
        arm=arm.name,
        label=arm.label,
        step=first.written,
        score=None if by is None else by.by,
        knowledge="nothing" if by is None else by.score.knowledge,
        cost=str(Passes() if by is None else by.score.cost),
        auroc_row=_mean([each.rows.area for each in told if each.rows is not None]),
        auroc_hundred=_mean([each.hundreds.area for each in told if each.hundreds is not None]),
        touched=_mean([_touched(release.manifest.treatments[step.place]) for step, release in there]),
        unit="tokens" if isinstance(first.treatment, TokenTreatment) else "rows",
        residual=entry.residual,
        valid=_mean([release.manifest.counts.clean / release.manifest.counts.raw for _, release in there]),
        verdict=entry.verdict,
        said=entry.said,
    )


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _touched(record: TreatmentRecord) -> float:
    return (record.dropped + record.changed) / record.rows if record.token_share is None else record.token_share
