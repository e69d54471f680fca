"""`strigil treat`: rows of a release, treated and audited again, as a release of their own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from strigil.audits.suite.suite import load_suite, suite_names
from strigil.audits.treatments.ranked import ScoredTreatment, TokenTreatment
from strigil.audits.treatments.treatment import TREATMENTS, Effect, Given, Treatment
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.common.registry import written_unit
from strigil.data.rows import TOKEN_COLUMNS
from strigil.data.streams import ParquetSink, count_rows, iter_batches, scan_table
from strigil.engines import open_engine
from strigil.engines.tokens.reader import TokenReader
from strigil.releases.manifest import TreatmentRecord
from strigil.releases.store import Draft, Release, open_release
from strigil.workflows.audit.score.scoring import Rows, Told, rows_of, score_table, what_is_known
from strigil.workflows.release.audit_rows import row_schema
from strigil.workflows.release.write import Contents, write_release

Split = Literal["clean", "raw"]


@dataclass(frozen=True)
class Plan:
    """What to do: treatments in this order, of the parent's clean or raw rows, audited with a suite afterwards."""

    parent: Release
    split: Split
    treatments: tuple[Treatment, ...]
    suite: str
    told: Told


def plan_treatment(
    release: Path, written: Sequence[str], *, split: Split, suite: str | None, told: Told | None = None
) -> Plan:
    """Reads treatments such as `numbers.sort`, `numbers.map:offset=200,modulus=50` or `rows.drop:by=NAME,share=0.5`.

    Args:
        release: The release.
        written: The treatments, in order.
        split: Which of its rows.
        suite: What the treated rows are audited with; the release's own if None.
        told: What scores may know besides what the release's manifest says.

    Raises:
        ConfigError: An unknown treatment or score, arguments that do not fit, or no treatment at all.
        DataError: There is no release.
    """
    if not written:
        message = "no treatment is named"
        raise ConfigError(message, hint=f"name one with --treatment: {', '.join(TREATMENTS.names())}")
    parent = open_release(release)
    chosen = suite or parent.manifest.audit.suite
    if suite is None and chosen not in suite_names():
        message = f"{release} was audited with a suite of its own, {chosen!r}, which does not come with strigil"
        raise ConfigError(message, hint="name its file with --suite")
    return Plan(parent, split, tuple(parse_treatment(text) for text in written), chosen, told or Told())


def treat(plan: Plan, out: Path, name: str, reporter: Reporter) -> Release:
    """Treats rows into the release `out/NAME`; their ids stay, so that they pair with the parent's.

    Raises:
        ConfigError: The name is the parent's, or there is a release of that name.
        DataError: The parent's rows cannot be read, or none are left.
    """
    parent = plan.parent.manifest
    if name == parent.name:
        message = f"{name!r} is the name of the release that is treated, and its rows would no longer be what they were"
        raise ConfigError(message, hint="give the treated release another name with --name")
    suite = load_suite(plan.suite)
    with Draft(out, name) as draft:
        rows = draft.scratch() / "treated.parquet"
        records = _write(plan, rows, reporter)
        contents = Contents(
            raw=scan_table(rows),
            source=f"{plan.parent.path}, treated,",
            teacher=parent.teacher,
            generation=parent.generation,
            licence=parent.licence,
            treatments=(*parent.treatments, *records),
        )
        return write_release(draft, contents, suite, reporter, parent=plan.parent)


def _write(plan: Plan, file: Path, reporter: Reporter) -> list[TreatmentRecord]:
    """Treats in stages: a treatment with a score needs the whole table as it is when its turn comes."""
    rows = rows_of(plan.parent, plan.split)
    records: list[TreatmentRecord] = []
    stages = _stages(plan.treatments)
    for number, stage in enumerate(stages):
        last = number == len(stages) - 1
        out = file if last else file.with_name(f"{file.stem}-{number}{file.suffix}")
        records += _treat(stage, rows, out, plan, reporter)
        done = [record.treatment.model_dump_json() for record in records]
        rows = Rows(scan_table(out), [rows.identity, *done], rows.name, rows.home)
    return records


def _stages(treatments: Sequence[Treatment]) -> list[list[Treatment]]:
    stages: list[list[Treatment]] = []
    for treatment in treatments:
        if stages and not isinstance(treatment, ScoredTreatment):
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
        schema = _schema(stage, row_schema(rows.frame, source=rows.name))
        sink = stack.enter_context(ParquetSink(file, schema))
        done = stack.enter_context(reporter.task("Treating", count_rows(rows.frame, source=rows.name)))
        for batch in iter_batches(rows.frame, source=rows.name):
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


def _given(stage: Sequence[Treatment], rows: Rows, plan: Plan, stack: ExitStack, reporter: Reporter) -> Given:
    """Scores, and the base itself, for the one treatment of a stage that may ask for them."""
    first = stage[0]
    if not isinstance(first, ScoredTreatment):
        return Given(plan.parent.verdicts())
    known = what_is_known(plan.parent, plan.told)
    scores = score_table(first.score, rows, known, reporter, engine=plan.told.engine)
    generation = plan.parent.manifest.generation
    return Given(
        plan.parent.verdicts(),
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


def parse_treatment(text: str) -> Treatment:
    """A treatment as users write it: `numbers.map:offset=200,modulus=50`.

    Raises:
        ConfigError: An unknown treatment or score, or arguments that do not fit.
    """
    treatment = TREATMENTS.create(*written_unit(text))
    if isinstance(treatment, ScoredTreatment):
        # Named now, so that a slip does not come to light after an hour of other work.
        _ = treatment.score
    return treatment
