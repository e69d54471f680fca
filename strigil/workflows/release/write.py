"""From raw rows to a release on disk: audited tables, expectations, card, manifest, in that order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

import strigil
from strigil.audits.suite.executors import Executor, score_here
from strigil.audits.suite.expectations import Expectations
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RowIds
from strigil.cards.dataset.card import dataset_card, renew_card
from strigil.cards.dataset.changelog import RowChange, changelog
from strigil.cards.dataset.croissant import croissant
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError
from strigil.common.progress import Reporter
from strigil.data.form import Form
from strigil.data.streams import iter_batches
from strigil.data.unfit import Unfit
from strigil.releases.draft import Draft
from strigil.releases.generation_record import GenerationRecord, TeacherRecord
from strigil.releases.manifest import HazardRecord, Manifest, Origin, ParentRecord, TreatmentRecord, form_record
from strigil.releases.named import CARD
from strigil.releases.store import Release, versions
from strigil.releases.version import FIRST, Version
from strigil.workflows.release.audit_rows import TABLES, TableFiles, audit_record, counts, judge, judgeable
from strigil.workflows.release.report import find_untreated, write_reports

CHANGELOG = "CHANGELOG.md"
_SAMPLED = (
    "Sampled text: another engine, library version, precision or processor can give other completions for the same "
    "seeds. The rows' ids do not depend on it."
)


@dataclass(frozen=True)
class Contents:
    """What a release holds besides its audit.

    Attributes:
        source: What error messages call the raw rows.
        origin: Who wrote the rows, as the user says.
        absent: Their columns that hold only placeholders.
        form: What they are written in.
        unfit: Rows that were left out before, since nobody can judge them.
        parents: Releases that the rows were taken from, besides the one that this release follows.
    """

    raw: pl.LazyFrame
    source: str
    teacher: TeacherRecord | None
    generation: GenerationRecord | None
    licence: str | None
    treatments: tuple[TreatmentRecord, ...] = ()
    hazards: tuple[HazardRecord, ...] = ()
    parents: tuple[Release, ...] = ()
    absent: frozenset[str] = frozenset()
    origin: Origin | None = None
    form: Form = field(default_factory=Form)
    unfit: tuple[Unfit, ...] = ()


def write_release(
    draft: Draft,
    contents: Contents,
    suite: Suite,
    reporter: Reporter,
    *,
    parent: Release | None,
    data_docs: Path | None = None,
    executor: Executor = score_here,
    whole: bool = True,
) -> Release:
    """Audits the raw rows into a draft and publishes it.

    The version follows from how the clean rows differ from the parent's, if the parent has the draft's name; the first
    release of a name is 1.0.0. One that is not whole has clean rows and a manifest alone, for a study to train on: no
    other table, no expectations, and nothing for people to read.

    Raises:
        ConfigError: The draft's folder holds releases that are not of this line.
        DataError: The rows cannot be read or used.
    """
    previous = parent if parent is not None and parent.manifest.name == draft.name else None
    _check_line(draft, previous)
    expectations = Expectations.prepare(suite.expectations)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    source, raw = contents.source, contents.raw
    chosen = judgeable(suite, raw, contents.absent, reporter, source=source)
    kept, run = TABLES if whole else ("data/clean",), digest([draft.name, created])
    with TableFiles(draft.folder, raw.collect_schema(), form=contents.form, run=run, tables=kept) as files:
        audited = judge(raw, chosen.suite, files, source=source, reporter=reporter, executor=executor)
        change = _change(previous, audited.ids)
        version = FIRST if previous is None else _next_version(previous, change)
        tables = files.close()
        outcomes = expectations.check(tables, data_docs=data_docs) if whole else ()
    generation = contents.generation
    manifest = Manifest(
        name=draft.name,
        version=str(version),
        created=created,
        strigil=strigil.__version__,
        licence=contents.licence,
        teacher=contents.teacher,
        generation=generation,
        treatments=list(contents.treatments),
        hazards=list(contents.hazards),
        audit=audit_record(suite, chosen.skipped, audited.summary, outcomes, unfit=contents.unfit),
        counts=counts(audited.summary),
        absent=sorted(contents.absent),
        origin=contents.origin,
        form=form_record(contents.form),
        parents=[parent_record(release) for release in (*([] if parent is None else [parent]), *contents.parents)],
        not_reproducible=[] if generation is None or generation.sampling.temperature == 0 else [_SAMPLED],
        files=[],
    )
    if whole:
        untreated = parent if contents.treatments and previous is None else find_untreated(manifest, draft.home.parent)
        write_papers(draft, manifest, previous, change, untreated=untreated)
    return draft.publish(manifest)


def write_papers(
    draft: Draft,
    manifest: Manifest,
    previous: Release | None,
    change: RowChange,
    *,
    untreated: Release | None,
    card: str | None = None,
) -> None:
    """Writes what people and machines read of a release: report, card, changelog and, over all files so far, Croissant.

    Args:
        draft: The release, whose tables are written.
        manifest: Of it, without its files.
        previous: The version before, if there is one.
        change: Of the clean rows.
        untreated: The release whose rows were treated, if they were and it is at hand.
        card: An edited card; if none is given, that of the version before, if somebody wrote in it.
    """
    manifest = manifest.model_copy(update={"files": draft.records()})
    write_reports(draft, manifest, untreated=untreated)
    if card is None and previous is not None:
        card = _edited(previous)
    draft.write_text(CARD, dataset_card(manifest) if card is None else renew_card(card, manifest))
    log = previous.path / CHANGELOG if previous is not None else None
    text = log.read_text(encoding="utf-8") if log is not None and log.exists() else None
    before = previous.manifest if previous is not None else None
    draft.write_text(CHANGELOG, changelog(manifest, before=before, change=change, text=text))
    columns = pl.read_parquet_schema(draft.folder / "data" / "clean" / "part-00000.parquet")
    description = croissant(manifest, draft.records(), columns=pl.Schema(columns))
    draft.write_text("croissant.json", json.dumps(description, indent=2, ensure_ascii=False) + "\n")


def _edited(previous: Release) -> str | None:
    """The card of a release, if somebody wrote in it."""
    file = previous.path / CARD
    card = file.read_bytes().decode() if file.exists() else None
    return None if card is None or card == dataset_card(previous.manifest) else card


def _check_line(draft: Draft, previous: Release | None) -> None:
    found = versions(draft.home)
    if found and (previous is None or (draft.home / f"v{found[-1]}").resolve() != previous.path.resolve()):
        message = f"{draft.home} holds {found[-1]}, which these rows do not follow"
        raise ConfigError(message, hint="give the release another name with --name, or another folder with --out")


def parent_record(release: Release) -> ParentRecord:
    """What a manifest keeps of a release that it was made from."""
    return ParentRecord(name=release.manifest.name, version=release.manifest.version, digest=release.manifest.digest())


def _change(previous: Release | None, ids: RowIds) -> RowChange:
    before = RowIds()
    if previous is not None:
        for batch in iter_batches(previous.rows("clean").select("row_id"), source=str(previous.path)):
            before.add(batch["row_id"])
    old, new = before.hashes(), ids.hashes()
    common = int(np.intersect1d(old, new, assume_unique=True).size)
    return RowChange(added=new.size - common, removed=old.size - common)


def _next_version(previous: Release, change: RowChange) -> Version:
    return previous.version.next(added=change.added > 0, removed=change.removed > 0)
