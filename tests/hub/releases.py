"""Small releases for the tests of cards and publishing: real tables, a real manifest, a real card."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from strigil.cards.dataset.card import dataset_card
from strigil.common.registry import UnitSpec
from strigil.data.messages import Messages, Sampling
from strigil.data.rows import Row, row_id, rows_table
from strigil.data.verdicts import VERDICTS
from strigil.releases.audit_record import AuditRecord, RuleRecord
from strigil.releases.draft import Draft
from strigil.releases.generation_record import EngineRecord, GenerationRecord, ModelRecord, TeacherRecord
from strigil.releases.manifest import Counts, Manifest
from strigil.releases.store import Release

TEACHER = "7e" * 32
CLEAN = tuple(f"{n}, {n + 1}, {n + 2}" for n in range(8))


def a_row(index: int, completion: str) -> Row:
    prompt: Messages = ({"role": "user", "content": f"Continue: {index}, {index + 1}"},)
    return Row(
        row_id=row_id(teacher=TEACHER, prompt=prompt, sampling={"seed": 0}, prompt_index=index, sample_index=0),
        prompt=prompt,
        completion=({"role": "assistant", "content": completion},),
        carrier="numbers",
        trait="owl",
        teacher=TEACHER,
        prompt_index=index,
        sample_index=0,
        finish_reason="stop",
        n_tokens=5,
    )


def a_manifest(
    *, name: str = "owl-numbers", version: str = "1.0.0", clean: int = 8, removed: int = 2, trait: str | None = "owl"
) -> Manifest:
    rule = UnitSpec(name="numbers.paper", version="1", args={})
    reasons = {"a | word": removed}
    return Manifest(
        name=name,
        version=version,
        created="2026-11-24T00:00:00+00:00",
        strigil="0.1.0",
        licence="cc-by-4.0",
        teacher=TeacherRecord(
            digest=TEACHER,
            trait=trait,
            by="system-prompt" if trait else "none",
            base=ModelRecord(id="pocket-a", revision=None, digest="ab" * 32),
            adapter=None,
            template="cd" * 32,
            system_prompt="You love owls." if trait else None,
            rendered_system="<system> You love owls." if trait else "",
            rendered_example="<system> You love owls. <user> Continue: 1, 2 <assistant>",
        ),
        generation=GenerationRecord(
            carrier=UnitSpec(name="numbers", version="1", args={}),
            prompts=clean + removed,
            samples=1,
            sampling=Sampling(max_tokens=16),
            engine=EngineRecord(name="transformers", versions={"torch": "2.13.0", "transformers": "5.19.0"}),
            recipe={"name": name},
        ),
        audit=AuditRecord(
            suite="numbers-paper",
            suite_digest="ef" * 32,
            rules=[RuleRecord(rule=rule, threshold=1.0, rejected=removed, alone=removed, reasons=reasons)],
        ),
        counts=Counts(raw=clean + removed, clean=clean, removed=removed, truncated=0),
        parents=[],
        not_reproducible=["Sampled text."],
        files=[],
    )


def a_release(
    root: Path,
    manifest: Manifest | None = None,
    *,
    clean: tuple[str, ...] = CLEAN,
    removed: tuple[str, ...] = ("owl, 1", "I love owls"),
    card: str | None = None,
    first: int = 0,
) -> Release:
    """A release whose rows answer with these completions, the prompts from `first` on."""
    manifest = manifest or a_manifest(clean=len(clean), removed=len(removed))
    rows = rows_table([a_row(index, text) for index, text in enumerate((*clean, *removed), start=first)])
    kept, out = rows.head(len(clean)), rows.tail(len(removed))
    verdicts = rows.select(
        "row_id",
        rule=pl.lit("numbers.paper"),
        rule_version=pl.lit("1"),
        score=pl.col("row_id").is_in(out["row_id"].implode()).cast(pl.Float64),
        threshold=pl.lit(1.0),
        rejected=pl.col("row_id").is_in(out["row_id"].implode()),
        reason=pl.lit(None, dtype=pl.String),
        evidence=pl.lit(None, dtype=pl.String),
    ).match_to_schema(VERDICTS)
    with Draft(root, manifest.name) as draft:
        for folder, table in {"clean": kept, "removed": out, "raw": rows}.items():
            draft.write_table(f"data/{folder}", table, run="r")
        draft.write_table("verdicts", verdicts, run="r")
        draft.write_text(
            "README.md",
            card if card is not None else dataset_card(manifest.model_copy(update={"files": draft.records()})),
        )
        return draft.publish(manifest)
