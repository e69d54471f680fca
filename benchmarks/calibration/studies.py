"""Made-up studies: rates of students whose data sets drift, with an effect or none, as the records of a report."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from strigil.records.study.arms import ArmKind, ArmRecord, RunRecord
from strigil.records.study.report import StudyReport
from strigil.workflows.study.recipe import StudyRecipe
from strigil.workflows.study.report import report_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TRAITS: Final = ("owl", "panda", "eagle")
NEUTRAL: Final = 0.11
"""Rate of neutral students."""
QUIET: Final = 0.1
"""Spread between students of one data set that has no trait, in logits."""
LOUD: Final = 0.09
"""Spread between students of one data set that has a trait, in rates."""
MARGIN: Final = 0.05
SHARE: Final = 0.2

Leftover = Literal["nothing", "limit"]


@dataclass(frozen=True)
class Cell:
    """One kind of study.

    Attributes:
        draws: Data sets of each teacher.
        seeds: Students of each.
        drift: Standard deviation between data sets, in logits.
        effect: Untreated students' rate of their own trait above neutral ones'.
        leftover: What treatments leave: nothing, or as much as just is not clean.
    """

    draws: int
    seeds: int
    drift: float
    traits: int
    treatments: int
    effect: float
    leftover: Leftover = "nothing"

    @property
    def design(self) -> str:
        """As tables have it."""
        return f"{self.draws} draws x {self.seeds}"

    @property
    def left(self) -> float:
        """Treated students' rate of their own trait above neutral ones'."""
        return min(MARGIN, SHARE * self.effect) if self.leftover == "limit" else 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The traits."""
        return TRAITS[: self.traits]

    def recipe(self) -> StudyRecipe:
        """The study file."""
        carrier = {
            "carrier": {"name": "numbers"},
            "prompts": 1,
            "rows": 1,
            "treatments": {f"t{number}": ["numbers.sort"] for number in range(self.treatments)},
        }
        return StudyRecipe.model_validate(
            {
                "name": "calibration",
                "base": "pocket-a",
                "teachers": [{"by": "system-prompt", "trait": trait} for trait in self.names],
                "carriers": {"numbers": carrier},
                "draws": self.draws,
                "seeds": list(range(self.seeds)),
                "margin": MARGIN,
                "share": SHARE,
                "without": ["other-base"],
            }
        )


def reports(cell: Cell, studies: int) -> Iterator[StudyReport]:
    """What the analysis says of so many studies of a kind; the same each time."""
    chance = np.random.default_rng(zlib.crc32(repr(cell).encode()))
    study, rates = cell.recipe(), list(_arms(cell, studies, chance))
    for number in range(studies):
        yield report_of(
            study, [_record(cell, kind, trait, label, of[number]) for kind, trait, label, of in rates], [], []
        )


def _arms(cell: Cell, studies: int, chance: np.random.Generator) -> Iterator[tuple[ArmKind, str | None, str, Floats]]:
    """Kind, trait, label and rates by study, draw, seed and trait that is asked about."""
    shape = (studies, cell.draws, 1, cell.traits)

    def drift() -> Floats:
        return chance.normal(0, 1, shape)

    def arm(moved: Floats, place: int | None, above: float) -> Floats:
        middle = np.full(cell.traits, _logit(NEUTRAL))
        spread = np.full(cell.traits, QUIET)
        if place is not None and above:
            rate = NEUTRAL + above
            middle[place] = _logit(rate)
            spread[place] = LOUD / (rate * (1 - rate)) if above == cell.effect else QUIET
        runs = chance.normal(0, 1, (studies, cell.draws, cell.seeds, cell.traits)) * spread
        found: Floats = 1 / (1 + np.exp(-(middle + cell.drift * moved + runs)))
        return found

    yield "control", None, "neutral data", arm(drift(), None, 0.0)
    for place, trait in enumerate(cell.names):
        own = drift()
        yield "untreated", trait, "untreated", arm(own, place, cell.effect)
        for number in range(cell.treatments):
            # Treated rows are partly those of the untreated draw.
            yield "treated", trait, f"t{number}", arm((own + drift()) / np.sqrt(2), place, cell.left)


def _record(cell: Cell, kind: ArmKind, trait: str | None, label: str, rates: Floats) -> ArmRecord:
    runs = [
        RunRecord.model_construct(
            seed=seed, draw=draw, rates=dict(zip(cell.names, values, strict=True)), masses={}, off_topic={}, failed=None
        )
        for draw, of_draw in enumerate(rates.tolist())
        for seed, values in enumerate(of_draw)
    ]
    name = f"numbers / {trait or 'no trait'} / {label}"
    return ArmRecord.model_construct(
        name=name,
        kind=kind,
        label=label,
        carrier="numbers",
        trait=trait,
        base="pocket-a",
        share=None,
        like=None,
        data=[],
        runs=runs,
    )


def _logit(rate: float) -> float:
    return float(np.log(rate / (1 - rate)))
