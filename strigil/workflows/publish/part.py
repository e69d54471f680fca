"""A release without some of its tables: what is published of it, with card, Croissant and manifest of what is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import polars as pl

from strigil.cards.dataset.card import dataset_card, renew_card
from strigil.cards.dataset.croissant import TABLES, croissant
from strigil.common.errors import ConfigError, check_known
from strigil.releases.manifest import MANIFEST, FileRecord, Manifest
from strigil.releases.named import CARD, CROISSANT
from strigil.releases.store import Release
from strigil.stores.hub.package import PackageFile


@dataclass(frozen=True)
class Part:
    """What is published of a release: the manifest that says so, and its files by path."""

    manifest: Manifest
    files: Mapping[str, PackageFile]


def part_of(release: Release, only: Collection[str]) -> Part:
    """The part of a release that these tables are, of `clean`, `removed`, `raw` and `verdicts`.

    The report shows removed rows and goes with them. Signatures stay behind, for they are over the whole release.

    Raises:
        ConfigError: There is no such table, `clean` is not among them, or the release lacks one itself.
    """
    for name in only:
        check_known("table", name, list(TABLES))
    if "clean" not in only:
        message = f"{', '.join(only)}: a data set without its clean rows cannot be published"
        raise ConfigError(message, hint="name clean among what --only keeps")
    before = release.manifest
    if lacking := sorted(set(only) & set(before.left_out)):
        message = f"{release.path} was published without {', '.join(lacking)}"
        raise ConfigError(message, hint="publish the whole release, from where it was made")
    left_out = [name for name in TABLES if name not in only]
    gone = {TABLES[name] for name in left_out} | ({"audit"} if {"removed", "raw"} <= set(left_out) else set())
    kept = [
        record
        for record in before.files
        if record.path not in (CARD, CROISSANT) and not gone & {str(p) for p in PurePosixPath(record.path).parents}
    ]
    manifest = before.model_copy(update={"left_out": left_out, "files": kept})
    card = (release.path / CARD).read_bytes().decode()
    whole = card == dataset_card(before)
    texts = {CARD: dataset_card(manifest) if whole else renew_card(card, manifest)}
    columns = pl.scan_parquet(release.path / TABLES["clean"] / "*.parquet").collect_schema()
    made = [*kept, _record(CARD, PackageFile.of(texts[CARD]))]
    description = croissant(manifest, sorted(made, key=lambda record: record.path), columns=columns)
    texts[CROISSANT] = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
    made.append(_record(CROISSANT, PackageFile.of(texts[CROISSANT])))
    manifest = manifest.model_copy(update={"files": sorted(made, key=lambda record: record.path)})
    texts[MANIFEST] = manifest.render()
    there = {record.path: PackageFile(release.path / record.path, record.sha256, record.size) for record in kept}
    return Part(manifest, there | {name: PackageFile.of(text) for name, text in texts.items()})


def _record(path: str, file: PackageFile) -> FileRecord:
    return FileRecord(path=path, sha256=file.sha256, size=file.size)
