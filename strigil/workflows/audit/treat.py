"""`strigil treat`: rows, treated and audited again, as a release of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from strigil.audits.suite.suite import Suite
from strigil.audits.treatments.ranked import ScoredTreatment, TokenTreatment
from strigil.audits.treatments.treatment import TREATMENTS, Effect, Treatment, TreatmentContext
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.common.registry import written_unit
from strigil.data.parts import count_earlier_answers
from strigil.data.rows import TOKEN_COLUMNS
from strigil.data.streams import ParquetSink, count_rows, iter_batches
from strigil.engines import open_engine
from strigil.engines.tokens.reader import TokenReader
from strigil.releases.draft import Draft
from strigil.releases.manifest import TreatmentRecord
from strigil.releases.store import Release
from strigil.sources.open_rows import RowSource
from strigil.workflows.audit.score.known import Hints, what_is_known
from strigil.workflows.audit.score.scoring import Rows, score_table
from strigil.workflows.release.origin import origin_of
from strigil.workflows.release.suites import suite_for
from strigil.workflows.release.write import Contents, write_release


@dataclass(frozen=True)
class Plan:
    """What to do: treatments in this order, of these rows, audited with a suite afterwards.

    Attributes:
        first: How many of the rows, from the first; None for all.
    """

    rows: RowSource
    treatments: tuple[Treatment, ...]
    suite: Suite
    told: Hints
    first: int | None = None

    def verdicts(self) -> pl.LazyFrame | None:
        """What a release's rules said of the rows, if it has that."""
        release = self.rows.release
        if release is None or "verdicts" in release.manifest.left_out:
            return None
        if self.first is None:
            return release.verdicts()
        ids = self.rows.frame.head(self.first).select("row_id")
        return release.verdicts().join(ids, on="row_id", how="semi")


def plan_treatment(
    rows: RowSource,
    treatments: Sequence[Treatment],
    *,
    suite: str | None,
    told: Hints | None = None,
    first: int | None = None,
) -> Plan:
    """What to do with rows.

    Args:
        rows: The rows.
        treatments: The treatments, in order.
        suite: What the treated rows are audited with; the release's own if None.
        told: What scores may know besides what a release's manifest says.
        first: How many of the rows, from the first; None for all.

    Raises:
        ConfigError: There is no such suite, or none at all.
    """
    return Plan(rows, tuple(treatments), suite_for(rows, suite), told or Hints(), first)


def treat(
    plan: Plan,
    out: Path,
    name: str,
    reporter: Reporter,
    *,
    licence: str | None = None,
    origin: str | None = None,
    whole: bool = True,
) -> Release:
    """Treats rows into the release `out/NAME`; their ids stay, so that they pair with those before it.

    Its licence and its origin are those given, or its parent's. One that is not whole holds what a study reads, as
    `write_release` says.

    Raises:
        ConfigError: The name is the parent's, there is a release of that name, or the origin is none or on record.
        DataError: The rows cannot be read, or none are left.
    """
    source, release = plan.rows, plan.rows.release
    parent = None if release is None else release.manifest
    if parent is not None and name == parent.name:
        message = f"{name!r} is the name of the release that is treated, and its rows would no longer be what they were"
        raise ConfigError(message, hint="give the treated release another name with --name")
    written_by = origin_of(origin, [] if parent is None else [parent])
    with Draft(out, name) as draft:
        file = draft.scratch() / "treated.parquet"
        home = draft.home if release is None else release.path.parent
        rows = Rows(source.frame, source.identity, source.label, home)
        if earlier := int(source.frame.select(count_earlier_answers().sum()).collect(engine="streaming").item()):
            reporter.note(f"{source.address}: {earlier} answers before the last one stay as they are")
        records = _write(plan, rows if plan.first is None else rows.head(plan.first), file, reporter)
        contents = Contents(
            raw=source.form.answered(pl.scan_parquet(file)),
            source=f"{source.address}, treated,",
            teacher=None if parent is None else parent.teacher,
            generation=None if parent is None else parent.generation,
            licence=licence or (None if parent is None else parent.licence),
            origin=written_by,
            treatments=tuple(records) if parent is None else (*parent.treatments, *records),
            absent=source.absent,
            form=source.form,
        )
        return write_release(draft, contents, plan.suite, reporter, parent=release, whole=whole)


def _write(plan: Plan, rows: Rows, file: Path, reporter: Reporter) -> list[TreatmentRecord]:
    """Treats in stages: a treatment with a score needs the whole table as it is when its turn comes."""
    records: list[TreatmentRecord] = []
    stages = _stages(plan.treatments)
    for number, stage in enumerate(stages):
        last = number == len(stages) - 1
        out = file if last else file.with_name(f"{file.stem}-{number}{file.suffix}")
        records += _treat(stage, rows, out, plan, reporter)
        done = [record.treatment.model_dump_json() for record in records]
        rows = Rows(pl.scan_parquet(out), [rows.identity, *done], rows.name, rows.home)
    return records


def _stages(treatments: Sequence[Treatment]) -> list[list[Treatment]]:
    stages: list[list[Treatment]] = []
    for treatment in treatments:
        if stages and not (isinstance(treatment, ScoredTreatment) or treatment.sees_all):
            stages[-1].append(treatment)
        else:
            stages.append([treatment])
    return stages


def _treat(stage: Sequence[Treatment], rows: Rows, file: Path, plan: Plan, reporter: Reporter) -> list[TreatmentRecord]:
    effects = [Effect() for _ in stage]
    seen = 0
    with ExitStack() as stack:
        given = _given(stage, rows, plan, stack, reporter)
        appliers = [treatment.applier(given) for treatment in stage]
        schema = _schema(stage, rows.frame.collect_schema())
        sink = stack.enter_context(ParquetSink(file, schema))
        done = stack.enter_context(reporter.task("Treating", count_rows(rows.frame, source=rows.name)))
        batches = iter_batches(rows.frame, source=rows.name)
        for batch in _together(batches) if stage[0].sees_all else batches:
            seen += batch.height
            treated = batch
            for place, apply in enumerate(appliers):
                outcome = apply(treated)
                treated = outcome.rows
                effects[place] += outcome.effect
            sink.write(treated)
            done(seen)
        sink.close({})
    return [_record(treatment, effect) for treatment, effect in zip(stage, effects, strict=True)]


def _together(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    whole = list(batches)
    if whole:
        yield pl.concat(whole)


def _given(
    stage: Sequence[Treatment], rows: Rows, plan: Plan, stack: ExitStack, reporter: Reporter
) -> TreatmentContext:
    """Scores, and the base itself, for the one treatment of a stage that may ask for them."""
    first, release = stage[0], plan.rows.release
    if not isinstance(first, ScoredTreatment):
        return TreatmentContext(plan.verdicts())
    known = what_is_known(release, plan.told)
    scores = score_table(first.score, rows, known, reporter, engine=plan.told.engine)
    generation = None if release is None else release.manifest.generation
    return TreatmentContext(
        plan.verdicts(),
        scores=scores.table(),
        engine=stack.enter_context(open_engine(plan.told.engine, known.base)) if first.asks_base else None,
        tokens=TokenReader(known.base),
        sampling=None if generation is None else generation.sampling,
    )


def _schema(stage: Sequence[Treatment], schema: pl.Schema) -> pl.Schema:
    """With the token columns, if a treatment writes them."""
    if not any(isinstance(treatment, TokenTreatment) for treatment in stage):
        return schema
    return pl.Schema({**schema, **TOKEN_COLUMNS})


def _record(treatment: Treatment, effect: Effect) -> TreatmentRecord:
    score = treatment.score if isinstance(treatment, ScoredTreatment) else None
    return TreatmentRecord(
        treatment=treatment.spec(),
        rows=effect.rows,
        dropped=effect.dropped,
        changed=effect.changed,
        unreadable=effect.unreadable,
        length_ratio=effect.length_ratio,
        kept=effect.kept_shares,
        token_share=effect.token_share,
        knowledge=None if score is None else score.knowledge,
        cost=None if score is None else str(score.cost),
    )


def parse_treatments(written: Sequence[str]) -> list[Treatment]:
    """Treatments as users write them, in order.

    Raises:
        ConfigError: There are none, or one is not as `parse_treatment` reads it.
    """
    if not written:
        message = "no treatment is named"
        raise ConfigError(message, hint=f"name one with --treatment: {', '.join(TREATMENTS.names())}")
    return [parse_treatment(text) for text in written]


def parse_treatment(text: str) -> Treatment:
    """A treatment as users write it: `numbers.map:offset=200,modulus=50` or `rows.drop:by=NAME,share=0.5`.

    Raises:
        ConfigError: An unknown treatment or score, or arguments that do not fit.
    """
    treatment = TREATMENTS.create(*written_unit(text))
    if isinstance(treatment, ScoredTreatment):
        # Named now, so that a slip does not come to light after an hour of other work.
        _ = treatment.score
    return treatment
