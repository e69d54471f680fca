"""`strigil explain`: one row with all that was found about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl

from strigil.common.errors import ConfigError
from strigil.data.rows import completion_text, prompt_text
from strigil.releases.store import Release, open_release

_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One rule's verdict on the row."""

    rule: str
    rule_version: str
    score: float
    threshold: float
    rejected: bool
    reason: str | None
    evidence: str | None


@dataclass(frozen=True)
class Explanation:
    """A row, where it went, and every rule's verdict on it."""

    release: Path
    row_id: str
    split: Literal["clean", "removed"]
    carrier: str
    trait: str | None
    prompt_index: int
    sample_index: int
    finish_reason: str
    prompt: str
    completion: str
    findings: tuple[Finding, ...]


def explain(path: Path, row_id: str) -> Explanation:
    """Explains the row of this id, or of the only id that begins so.

    Raises:
        DataError: There is no release at the path.
        ConfigError: No row or more than one has such an id.
    """
    release = open_release(path)
    whole = _resolve(release, row_id)
    verdicts = release.verdicts().filter(pl.col("row_id") == whole).drop("row_id").collect()
    rejected = bool(verdicts["rejected"].any())
    row = (
        release.rows("raw")
        .filter(pl.col("row_id") == whole)
        .select(
            "row_id",
            "carrier",
            "trait",
            "prompt_index",
            "sample_index",
            "finish_reason",
            prompt_text().alias("prompt"),
            completion_text().alias("completion"),
        )
        .collect()
        .row(0, named=True)
    )
    findings = tuple(Finding(**verdict) for verdict in verdicts.iter_rows(named=True))
    return Explanation(release=release.path, split="removed" if rejected else "clean", findings=findings, **row)


def _resolve(release: Release, prefix: str) -> str:
    ids = release.rows("raw").select("row_id").filter(pl.col("row_id").str.starts_with(prefix)).head(_SHOWN).collect()
    if ids.is_empty():
        message = f"{release.path} has no row whose id begins with {prefix!r}"
        raise ConfigError(
            message, hint="the ids of removed rows are in data/removed, those of the others in data/clean"
        )
    found = ids["row_id"].to_list()
    if prefix in found:
        return prefix
    if len(found) > 1:
        message = f"{release.path} has several rows whose ids begin with {prefix!r}"
        raise ConfigError(message, hint=f"give more of the id: {', '.join(each[: len(prefix) + 6] for each in found)}")
    whole: str = found[0]
    return whole
