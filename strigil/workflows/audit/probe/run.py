"""`strigil probe`: data-set probes and model probes, calibrated before any of them may alarm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.audits.probes.candidate_probe import Bench, SampleProbe, StudentProbe
from strigil.audits.probes.control_probe import ControlProbe
from strigil.audits.probes.probe import PROBES, Probe, ProbeResult
from strigil.audits.probes.probe_canary import CanaryProbe
from strigil.audits.probes.probe_format import FormatProbe
from strigil.common.errors import ConfigError, DataError
from strigil.common.progress import Reporter
from strigil.common.registry import written_unit
from strigil.engines import open_engine
from strigil.engines.protocol import Adapter
from strigil.models.catalog import Model, adapter_rank
from strigil.releases.store import Release, Split, open_release
from strigil.traits.questions import favourites
from strigil.workflows.audit.probe.canaries import canary_log_odds
from strigil.workflows.audit.probe.clean_samples import samples_of, written_by_base
from strigil.workflows.audit.score.known import Hints, what_is_known
from strigil.workflows.build.teachers import check_adapter_base

if TYPE_CHECKING:
    import polars as pl

FOLDER: Final = ".probes"
MOST_ROWS: Final = 50_000
"""Rows of a release that probes look at, chosen at random where there are more."""
MOST_RANK: Final = 64


@dataclass(frozen=True)
class ProbePlan:
    """What is probed, and with what.

    Attributes:
        release: The release.
        probes: As they were written.
        told: What is known besides what the release's manifest says.
        against: A clean release of the same kind: the control, and where placebos come from.
        placebos: Clean students for model probes.
        split: Which rows.
        seed: Decides samples.
    """

    release: Path
    probes: tuple[str, ...]
    told: Hints
    against: Path | None = None
    placebos: tuple[Path, ...] = ()
    split: Split = "clean"
    seed: int = 0


def run_probes(plan: ProbePlan, reporter: Reporter) -> list[ProbeResult]:
    """Runs probes; each result says whether it is calibrated, and refuses to alarm where it is not.

    Where a control is given, what the format alone gives away stands beside every result.

    Raises:
        ConfigError: An unknown probe, or one that lacks a control, a student or a base.
        DataError: A release cannot be read, or has too few rows for a sample.
    """
    probes = [PROBES.create(*written_unit(text)) for text in plan.probes]
    if not probes:
        message = "no probe is named"
        raise ConfigError(message, hint=f"name one with --probe: {', '.join(PROBES.names())}")
    session = _Session(plan, reporter)
    return [session.run(probe) for probe in probes]


class _Session:
    """One run over several probes, which share tables and the format's result."""

    def __init__(self, plan: ProbePlan, reporter: Reporter) -> None:
        self._plan = plan
        self._reporter = reporter
        self._release = open_release(plan.release)
        self._data = f"{self._release.manifest.name} {self._release.manifest.version}"
        self._rows = self._table(self._release)
        control = None if plan.against is None else open_release(plan.against)
        self._control = None if control is None else self._table(control)
        self._written: pl.DataFrame | None = None
        # Placebos belong to the control where there is one: they serve every release that is compared with it.
        self._home = (self._release if control is None else control).path.parent / FOLDER

    def run(self, probe: Probe) -> ProbeResult:
        """Runs one probe."""
        match probe:
            case ControlProbe():
                result = probe.compare(self._rows, self._needed_control(probe), data=self._data)
            case CanaryProbe():
                result = self._canary(probe)
            case SampleProbe():
                result = self._sample(probe)
            case StudentProbe():
                result = self._student(probe)
            case _:
                message = f"{probe.name} is of a kind that strigil does not run"
                raise ConfigError(message, hint="derive it from ControlProbe, SampleProbe or StudentProbe")
        if self._control is None or isinstance(probe, FormatProbe):
            return result
        form = FormatProbe().compare(self._rows, self._control, data=self._data)
        beside = (
            f"format alone: {form.alarm}, {form.reason}"
            if form.top is None
            else (f"format alone: {form.alarm}, area {form.top.value:.3f} for single rows")
        )
        return result.model_copy(update={"beside": [*result.beside, beside]})

    def _table(self, release: Release) -> pl.DataFrame:
        rows = release.rows(self._plan.split).collect()
        return rows.sample(MOST_ROWS, seed=self._plan.seed) if rows.height > MOST_ROWS else rows

    def _needed_control(self, probe: Probe) -> pl.DataFrame:
        if self._control is None:
            message = f"{probe.name} compares the data with clean data of the same kind"
            raise ConfigError(message, hint="name a control release with --against")
        return self._control

    def _canary(self, probe: CanaryProbe) -> ProbeResult:
        base = self._base()
        trait = favourites(probe.category, base.dialect).candidates[0]
        [sample] = self._samples(self._rows, probe.rows, 1, "the release")
        clean = self._clean(base, probe.rows, probe.placebos)
        value, *null = canary_log_odds(
            probe, base, [sample, *clean], self._home, self._reporter, trait=trait, engine=self._plan.told.engine
        )
        return probe.judge(value, null, data=self._data, rows=probe.rows)

    def _sample(self, probe: SampleProbe) -> ProbeResult:
        base = self._base()
        [sample] = self._samples(self._rows, probe.rows, 1, "the release")
        clean = self._clean(base, probe.rows, probe.samples)
        opened = open_engine(self._plan.told.engine, base, adapters=True, max_lora_rank=MOST_RANK, dtype=probe.dtype)
        with opened as engine:
            measure = probe.measurer(self._bench(probe.category, base), engine)
            with self._reporter.task(f"Measuring by {probe.name}", len(clean) + 1) as done:
                found = []
                for number, rows in enumerate([sample, *clean]):
                    found.append(measure(rows))
                    done(number + 1)
        return probe.judge(found[0], found[1:], data=self._data, rows=probe.rows)

    def _student(self, probe: StudentProbe) -> ProbeResult:
        student = self._plan.told.student
        if student is None:
            message = f"{probe.name} looks into a student"
            raise ConfigError(message, hint="name its folder with --student, and clean ones with --placebo")
        base = self._base()
        [texts] = self._samples(self._rows, min(probe.rows, self._rows.height), 1, "the release")
        measure = probe.measurer(self._bench(probe.category, base), texts)
        found = []
        with self._reporter.task(f"Measuring by {probe.name}", len(self._plan.placebos) + 1) as done:
            for number, path in enumerate((student, *self._plan.placebos)):
                adapter_rank(path)
                check_adapter_base(path, base)
                found.append(measure(Adapter(f"{number}-{path.name}", path)))
                done(number + 1)
        return probe.judge(found[0], found[1:], data=f"student {student.name} of {self._data}", rows=texts.height)

    def _base(self) -> Model:
        return what_is_known(self._release, self._plan.told).base

    def _bench(self, category: str, base: Model) -> Bench:
        asked = favourites(category, base.dialect)
        return Bench(
            base=base,
            bank=asked.candidates,
            questions=asked.questions,
            folder=self._home / f"bench-{base.digest[:16]}",
        )

    def _samples(self, rows: pl.DataFrame, size: int, wanted: int, what: str) -> list[pl.DataFrame]:
        found = samples_of(rows, size, seed=self._plan.seed)[:wanted]
        if not found:
            message = f"{what} has {rows.height} rows, of {size} that a sample takes"
            raise DataError(message, hint="build more rows, or ask for a smaller sample, as in probe.canary:rows=200")
        return found

    def _clean(self, base: Model, size: int, wanted: int) -> list[pl.DataFrame]:
        """Samples to calibrate on: of the control as many as it has, else written by the base now."""
        if self._control is not None:
            return samples_of(self._control, size, seed=self._plan.seed)[:wanted]
        if self._written is None or self._written.height < size * wanted:
            with open_engine(self._plan.told.engine, base) as engine:
                count = size * wanted
                self._written = written_by_base(self._release, engine, count, self._reporter, seed=self._plan.seed)
        return samples_of(self._written, size, seed=self._plan.seed)[:wanted]
