"""From an audited table to a release on disk: tables, card, manifest, in that order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

import strigil
from strigil.audits.run import Audit
from strigil.cards.dataset import dataset_card
from strigil.core.canonical import digest
from strigil.core.manifest import (
    AuditRecord,
    Counts,
    GenerationRecord,
    Manifest,
    ParentRecord,
    RuleRecord,
    TeacherRecord,
)
from strigil.core.release import Draft, Release
from strigil.core.version import FIRST, Version

_SAMPLED = (
    "Sampled text: another engine, library version, precision or processor can give other completions for the same "
    "seeds. The rows' ids do not depend on it."
)


@dataclass(frozen=True)
class Contents:
    """What a release holds besides its audit."""

    raw: pl.DataFrame
    teacher: TeacherRecord | None
    generation: GenerationRecord | None
    licence: str | None


def write_release(draft: Draft, contents: Contents, audit: Audit, *, parent: Release | None) -> Release:
    """Writes and publishes a draft; its version follows from how the clean rows differ from the parent's."""
    manifest = _manifest(draft.name, contents, audit, parent)
    run = digest([manifest.name, manifest.version, manifest.created])
    for folder, table in (
        ("data/clean", audit.clean),
        ("data/removed", audit.removed),
        ("data/raw", contents.raw),
        ("verdicts", audit.verdicts),
    ):
        draft.write_table(folder, table, run=run)
    draft.write_text("audit/report.json", json.dumps(manifest.audit.model_dump(mode="json"), indent=2) + "\n")
    draft.write_text("README.md", dataset_card(manifest))
    return draft.publish(manifest)


def _manifest(name: str, contents: Contents, audit: Audit, parent: Release | None) -> Manifest:
    return Manifest(
        name=name,
        version=str(_version(audit, parent)),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        strigil=strigil.__version__,
        licence=contents.licence,
        teacher=contents.teacher,
        generation=contents.generation,
        audit=audit_record(audit),
        counts=Counts(
            raw=contents.raw.height,
            clean=audit.clean.height,
            removed=audit.removed.height,
            truncated=contents.raw.filter(pl.col("finish_reason") == "length").height,
        ),
        parents=[] if parent is None else [_parent(parent)],
        not_reproducible=[]
        if contents.generation is None or contents.generation.sampling.temperature == 0
        else [_SAMPLED],
        files=[],
    )


def audit_record(audit: Audit) -> AuditRecord:
    """What a manifest keeps of an audit."""
    return AuditRecord(
        suite=audit.suite.name,
        suite_digest=audit.suite.digest,
        rules=[
            RuleRecord(
                rule=count.rule.rule.spec(),
                threshold=count.rule.threshold,
                rejected=count.rejected,
                alone=count.alone,
                reasons=count.reasons,
            )
            for count in audit.rules
        ],
    )


def _parent(release: Release) -> ParentRecord:
    return ParentRecord(name=release.manifest.name, version=release.manifest.version, digest=release.manifest.digest())


def _version(audit: Audit, parent: Release | None) -> Version:
    if parent is None:
        return FIRST
    before = parent.rows("clean").select("row_id").collect()["row_id"]
    return parent.version.next(before=set(before), after=set(audit.clean["row_id"]))
