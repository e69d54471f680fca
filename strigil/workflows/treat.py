"""`strigil treat`: rows of a release, treated and audited again, as a release of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from strigil.audits.suite import load_suite, suite_names
from strigil.audits.treatment import TREATMENTS, Effect, Treatment
from strigil.core.batches import ParquetSink, count_rows, iter_batches, scan_table
from strigil.core.errors import ConfigError
from strigil.core.manifest import TreatmentRecord
from strigil.core.release import Draft, Release, open_release
from strigil.core.reporting import Reporter
from strigil.workflows.auditing import row_schema
from strigil.workflows.releasing import Contents, write_release

Split = Literal["clean", "raw"]


@dataclass(frozen=True)
class Plan:
    """What to do: treatments in this order, of the parent's clean or raw rows, audited with a suite afterwards."""

    parent: Release
    split: Split
    treatments: tuple[Treatment, ...]
    suite: str


def plan_treatment(release: Path, written: Sequence[str], *, split: Split, suite: str | None) -> Plan:
    """Reads treatments such as `numbers.sort` or `numbers.map:offset=200,modulus=50`.

    Raises:
        ConfigError: An unknown treatment, arguments that do not fit, or no treatment at all.
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
    return Plan(parent, split, tuple(_create(text) for text in written), chosen)


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
    raw, source = plan.parent.rows(plan.split), str(plan.parent.path)
    appliers = [treatment.applier(plan.parent.verdicts()) for treatment in plan.treatments]
    effects = [Effect() for _ in plan.treatments]
    seen = 0
    with (
        ParquetSink(file, row_schema(raw, source=source)) as sink,
        reporter.task("Treating", count_rows(raw, source=source)) as done,
    ):
        for batch in iter_batches(raw, source=source):
            seen += batch.height
            rows = batch
            for place, apply in enumerate(appliers):
                treated = apply(rows)
                rows = treated.rows
                effects[place] += treated.effect
            sink.write(rows)
            done(seen)
        sink.close({})
    return [_record(treatment, effect) for treatment, effect in zip(plan.treatments, effects, strict=True)]


def _record(treatment: Treatment, effect: Effect) -> TreatmentRecord:
    return TreatmentRecord(
        treatment=treatment.spec(),
        rows=effect.rows,
        dropped=effect.dropped,
        changed=effect.changed,
        unreadable=effect.unreadable,
        length_ratio=effect.length_ratio,
        kept=effect.kept_shares,
    )


def _create(text: str) -> Treatment:
    name, _, written = text.partition(":")
    args: dict[str, object] = {}
    for item in filter(None, written.split(",")):
        key, equals, value = item.partition("=")
        if not equals:
            message = f"treatment {text!r}: {item!r} is no argument"
            raise ConfigError(message, hint="write arguments as NAME:key=value,key=value")
        args[key.strip()] = yaml.safe_load(value)
    return TREATMENTS.create(name, args)
