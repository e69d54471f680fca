"""Ranked treatments of a study: what each must know and costs, how well its score tells rows apart, what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from strigil.audits.scores.requirements import Cost
from strigil.audits.scores.score import Score, ScoreContext
from strigil.audits.treatments.ranked import ScoredTreatment, TokenTreatment
from strigil.audits.treatments.treatment import Treatment
from strigil.common.canonical import digest
from strigil.common.errors import StrigilError
from strigil.engines import EngineName
from strigil.records.study import CleaningRecord, Entry, FailureRecord, TraitAccount
from strigil.releases.manifest import TreatmentRecord
from strigil.workflows.audit.score.scoring import Rows, ScoreTable, compare, rows_of, what_is_known
from strigil.workflows.audit.treat import parse_treatment
from strigil.workflows.study.arms import StudentArm
from strigil.workflows.study.artifacts import Outcome, Store
from strigil.workflows.study.data import DataCell, Treated, existing, told_of


@dataclass(frozen=True)
class ScoredStep:
    """A step of a treated arm that a score ranks for, or the random drop that such an arm is matched with.

    Attributes:
        place: Among the steps of the arm's data.
        control: The neutral rows of the same carrier, if the study has them.
    """

    arm: StudentArm
    data: Treated
    place: int
    treatment: Treatment
    control: DataCell | None

    @property
    def score(self) -> Score | None:
        """What ranks."""
        return self.treatment.score if isinstance(self.treatment, ScoredTreatment) else None

    @property
    def by(self) -> str | None:
        """What ranks, as the study has it."""
        return self.treatment.by if isinstance(self.treatment, ScoredTreatment) else None

    @property
    def ranks(self) -> bool:
        """Whether anything depends on the ranking: a treatment of all rows has none."""
        return isinstance(self.treatment, ScoredTreatment) and self.treatment.share < 1

    @property
    def key(self) -> str:
        """Identity of the comparison of the trait's rows with neutral ones by this score; not that of the budget."""
        score = None if self.score is None else self.score.spec().model_dump(mode="json")
        return digest([score, self.data.parent.identity, None if self.control is None else self.control.identity])


@dataclass(frozen=True)
class ToScore:
    """The rows of a trait and the neutral ones, and what is known to whoever scores them."""

    score: Score
    tables: tuple[Rows, Rows]
    known: ScoreContext
    engine: EngineName


def scored_steps(arms: Sequence[StudentArm]) -> Iterator[ScoredStep]:
    """Every ranked treatment of these arms, and the random drops beside them, in the order of the arms."""
    controls = {arm.carrier: arm.data for arm in arms if arm.kind == "control"}
    ranked: set[tuple[str, str | None, str | None]] = set()
    for arm in arms:
        if not isinstance(arm.data, Treated):
            continue
        for place, written in enumerate(arm.data.steps):
            treatment = parse_treatment(written)
            if arm.kind == "treated" and isinstance(treatment, ScoredTreatment):
                ranked.add((arm.carrier, arm.trait, arm.label))
            elif arm.kind != "random-drop" or (arm.carrier, arm.trait, arm.matches) not in ranked:
                continue
            yield ScoredStep(arm, arm.data, place, treatment, controls.get(arm.carrier))


def rankings(arms: Sequence[StudentArm]) -> dict[str, ScoredStep]:
    """The steps of these arms whose scores are compared with those of neutral rows, once each, by key."""
    return {step.key: step for step in scored_steps(arms) if step.ranks}


def to_score(step: ScoredStep, store: Store) -> ToScore | None:
    """What a ranking scores; None before its data are there, and without neutral rows to compare with.

    Raises:
        StrigilError: What the score must know is not known.
    """
    subject = existing(step.data.parent, store.data)
    control = None if step.control is None else existing(step.control, store.data)
    if step.score is None or subject is None or control is None:
        return None
    told = told_of(step.data, store.data)
    return ToScore(step.score, (rows_of(subject), rows_of(control)), what_is_known(subject, told), told.engine)


def tell_apart(outcome: Outcome, store: Store, scorer: Callable[[ToScore], Sequence[ScoreTable | None]]) -> None:
    """Compares each trait's rows with neutral ones by every score that ranks in the study.

    Args:
        outcome: Receives the comparisons, and the failures: a score that cannot be computed keeps no other from it.
        store: Where the releases are.
        scorer: Gives the two score tables; None for one that is not to be made now.
    """
    for key, step in rankings(outcome.arms).items():
        try:
            both = to_score(step, store)
            tables = [] if both is None else list(scorer(both))
        except StrigilError as error:
            cell = score_cell(step, step.data.parent)
            outcome.failures.append(FailureRecord(what="score", cell=cell, reason=error.message))
            continue
        match tables:
            case [ScoreTable() as scored, ScoreTable() as control]:
                outcome.comparisons[key] = compare(scored, control)


def passes(score: Score, rows: int) -> float:
    """Passes through the base that scoring so many rows takes, as plans count and time them."""
    return rows * (score.cost.forward + score.cost.backward)


def score_cell(step: ScoredStep, data: DataCell) -> str:
    """What a study calls the scores of these rows."""
    return f"{data.label} by {step.by}"


def cleanings(outcome: Outcome, accounts: Sequence[TraitAccount]) -> list[CleaningRecord]:
    """One line a ranked treatment, whatever became of it."""
    entries = {entry.arm: entry for account in accounts for entry in account.entries}
    return [_line(step, entries[step.arm.name], outcome) for step in scored_steps(outcome.arms)]


def _line(step: ScoredStep, entry: Entry, outcome: Outcome) -> CleaningRecord:
    release, score = outcome.releases.get(step.data.identity), step.score
    told = outcome.comparisons.get(step.key) if step.ranks else None
    record = None if release is None else release.manifest.treatments[step.place - len(step.data.steps)]
    unit: Literal["rows", "tokens"] = "tokens" if isinstance(step.treatment, TokenTreatment) else "rows"
    return CleaningRecord(
        carrier=step.arm.carrier,
        trait=step.arm.trait or "",
        arm=step.arm.name,
        label=step.arm.label,
        step=step.data.steps[step.place],
        score=step.by,
        knowledge="nothing" if score is None else score.knowledge,
        cost=str(Cost() if score is None else score.cost),
        auroc_row=None if told is None or told.rows is None else told.rows.area,
        auroc_hundred=None if told is None or told.hundreds is None else told.hundreds.area,
        touched=None if record is None else _touched(record),
        unit=unit,
        residual=entry.residual,
        valid=None if release is None else release.manifest.counts.clean / release.manifest.counts.raw,
        verdict=entry.verdict,
        said=entry.said,
    )


def _touched(record: TreatmentRecord) -> float:
    return (record.dropped + record.changed) / record.rows if record.token_share is None else record.token_share
