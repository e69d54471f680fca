"""What a probe is: it tests a whole data set, or a student, for a signal that no single row shows.

A probe measures a statistic, for every candidate trait or for the data as a whole, and compares it with a null: the
same statistic where nothing is hidden. Without a null of sufficient size there is no alarm, only a refusal: detectors
that were not calibrated on clean students called every clean model infected (Madl, 2606.22019: false positive rate 1).
"""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from strigil.audits.scores.requirements import Cost, Knowledge
from strigil.common.registry import Registry, Unit, UnitSpec

Alarm = Literal["alarm", "silent", "refused"]
NullKind = Literal["placebo students", "base samples", "held-out rows", "permuted rows"]


class Null(BaseModel):
    """What a statistic was compared with: `size` values of it where nothing is hidden."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: NullKind
    size: int = Field(ge=0)


class Statistic(BaseModel):
    """One figure of a probe.

    Attributes:
        name: The candidate trait that it is about, or what was measured of the data as a whole.
        value: The figure itself; what it means is said by the probe. The higher, the more suspicious.
        null_mean: Its mean where nothing is hidden; None without a null.
        deviations: (value - null_mean) in standard deviations of the null; None without a null.
        p_value: One-sided; None without a null.
        q_value: The p-value adjusted for the number of statistics (Benjamini and Hochberg, 1995); None without a null.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    value: float
    null_mean: float | None = None
    deviations: float | None = None
    p_value: float | None = None
    q_value: float | None = None


class ProbeResult(BaseModel):
    """What a probe found; a gate may use it as it is.

    Attributes:
        probe: Name, version and arguments.
        data: What was probed: a release and its version, or a student.
        rows: Rows that were looked at; 0 for a student.
        statistics: One for each candidate trait, or of the data as a whole; the most suspicious first.
        null: What they were compared with; None where there is none.
        level: The false discovery rate at which the alarm is given.
        calibrated: Whether the null is large enough for an alarm to mean anything.
        alarm: `refused` exactly where it is not calibrated: then there is neither alarm nor silence.
        reason: The finding, or why there is none, in a sentence.
        knowledge: What had to be known.
        cost: Passes for each row.
        beside: What must be read beside it, such as what the format alone gives away.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    probe: UnitSpec
    data: str
    rows: int
    statistics: list[Statistic]
    null: Null | None
    level: float
    calibrated: bool
    alarm: Alarm
    reason: str
    knowledge: Knowledge
    cost: Cost
    beside: list[str] = []

    @property
    def top(self) -> Statistic | None:
        """The most suspicious statistic."""
        return self.statistics[0] if self.statistics else None


class Probe(Unit, ABC):
    """A test of a whole data set or of a student.

    Attributes:
        knowledge: What must be known.
        cost: Passes for each row.
    """

    knowledge: ClassVar[Knowledge]
    cost: ClassVar[Cost] = Cost()

    level: float = Field(default=0.01, gt=0, lt=1, description="false discovery rate at which an alarm is given")


PROBES: Registry[Probe] = Registry(
    "probe",
    base=Probe,
    package="strigil.audits.probes",
    group="strigil.probes",
)
