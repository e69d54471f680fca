"""A release's card as it stands on the Hub: its commands name the repository, and its report is linked there.

A release does not know where it will be published, and its card is under its digests and signatures. So what depends
on the repository is put in on the way there and taken out on the way back, and a pulled release is the one published.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from strigil.common.canonical import file_digest
from strigil.common.files import write_out
from strigil.releases.manifest import Manifest

CARD: Final = "README.md"
CROISSANT: Final = "croissant.json"
_HUB: Final = "https://huggingface.co/datasets"


def name_card(card: str, repository: str, version: str) -> str:
    """The card as it is published in `OWNER/NAME`; one that could not be taken back is left as it is."""
    named = card
    for before, after in _names(repository, version):
        named = named.replace(before, after)
    return named if _unname(named, repository, version) == card else card


def describe_card(croissant: str, sha256: str, size: int) -> str:
    """A Croissant description whose card has this digest and this size in bytes."""
    value = json.loads(croissant)
    for file in value["distribution"]:
        if file["@id"] == CARD:
            file |= {"contentSize": f"{size} B", "sha256": sha256}
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def take_back(folder: Path, manifest: Manifest, repository: str) -> None:
    """Makes card and Croissant of a release, as they came from `OWNER/NAME`, what its manifest records.

    Files that are otherwise changed are left as they came.
    """
    files = {record.path: record for record in manifest.files}
    for name in (CARD, CROISSANT):
        record, file = files.get(name), folder / name
        if record is None or not file.is_file() or file_digest(file) == record.sha256:
            continue
        try:
            text = file.read_bytes().decode()
            card = files[CARD]
            restored = (
                _unname(text, repository, manifest.version)
                if name == CARD
                else describe_card(text, card.sha256, card.size)
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if hashlib.sha256(restored.encode()).hexdigest() == record.sha256:
            write_out(file, restored)


def _unname(card: str, repository: str, version: str) -> str:
    for before, after in _names(repository, version):
        card = card.replace(after, before)
    return card


def _names(repository: str, version: str) -> tuple[tuple[str, str], ...]:
    """What the card says of any repository, and what of this one."""
    report = f"{_HUB}/{repository}/blob/v{version}/audit/report.html"
    return (
        ('load_dataset("OWNER/NAME"', f'load_dataset("{repository}"'),
        ("strigil pull OWNER/NAME@", f"strigil pull {repository}@"),
        ("](audit/report.html)", f"]({report})"),
    )
