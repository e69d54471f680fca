"""Probes that measure every trait of a bank, and alarm where one of them stands out from what clean data show."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pydantic import Field

from strigil.audits.probes.calibration import against_null, conclude
from strigil.audits.probes.probe import Null, NullKind, Probe, ProbeResult
from strigil.models.catalog import Model

if TYPE_CHECKING:
    import polars as pl

    from strigil.engines.protocol import Adapter, Dtype, Engine

Values: TypeAlias = Mapping[str, float]
"""A figure for every trait of the bank, by its name."""


@dataclass(frozen=True)
class Bench:
    """What a probe works with.

    Attributes:
        base: The model that students start from.
        bank: The candidate traits, in the words that the base knows.
        questions: The category's questions.
        folder: For what a probe makes and may need again.
    """

    base: Model
    bank: tuple[str, ...]
    questions: tuple[str, ...]
    folder: Path


class CandidateProbe(Probe):
    """Measures every trait of a bank.

    Attributes:
        what: What a trait that stands out does, for the sentence of the result.
        null_kind: What it is compared with.
    """

    what: ClassVar[str]
    null_kind: ClassVar[NullKind]

    category: str = Field(default="animal", description="whose candidates are the bank")

    def judge(self, values: Values, null: Sequence[Values], *, data: str, rows: int) -> ProbeResult:
        """The result for one data set or student; refuses to alarm with fewer than eight clean ones."""
        kind = Null(kind=self.null_kind, size=len(null))
        return conclude(self, against_null(values, null), kind, data=data, rows=rows, what=self.what)


class SampleProbe(CandidateProbe):
    """Measures samples of rows through the base alone; the null are samples of as many rows that the base wrote."""

    null_kind: ClassVar[NullKind] = "base samples"

    @property
    def dtype(self) -> Dtype:
        """The type that the engine must compute in."""
        return "auto"

    rows: int = Field(default=1000, ge=10, description="to the sample")
    samples: int = Field(default=12, ge=2, description="of the base, to calibrate on")

    @abstractmethod
    def measurer(self, bench: Bench, engine: Engine) -> Callable[[pl.DataFrame], Values]:
        """What measures a sample; the engine holds the base, with room for adapters.

        Raises:
            ConfigError: The base cannot be asked about the bank.
        """


class StudentProbe(CandidateProbe):
    """Measures a student against its base; the null are students that were trained as it was, on clean data."""

    null_kind: ClassVar[NullKind] = "placebo students"

    rows: int = Field(default=256, ge=1, description="whose texts both models read")

    @abstractmethod
    def measurer(self, bench: Bench, texts: pl.DataFrame) -> Callable[[Adapter], Values]:
        """What measures a student, by the texts of a row table.

        Raises:
            ConfigError: An adapter does not fit the base.
        """


def centred(values: Values) -> dict[str, float]:
    """Values less their mean: what moves every trait of the bank alike says nothing of any."""
    mean = sum(values.values()) / len(values)
    return {name: value - mean for name, value in values.items()}
