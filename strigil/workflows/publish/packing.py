"""Releases as packages for the Hub."""

from __future__ import annotations

from strigil.releases.manifest import MANIFEST
from strigil.releases.named import CARD, CROISSANT, describe_card, name_card
from strigil.releases.store import ATTESTATION, Release
from strigil.stores.hub.package import Package, PackageFile
from strigil.workflows.publish.part import Part


def whole(release: Release) -> Part:
    """All of a release, with its manifest and, if it was signed, its signatures."""
    files = {
        record.path: PackageFile(release.path / record.path, record.sha256, record.size)
        for record in release.manifest.files
    }
    for name in (MANIFEST, ATTESTATION):
        if (release.path / name).exists():
            files[name] = PackageFile.at(release.path / name)
    return Part(release.manifest, files)


def part_package(part: Part, repository: str | None) -> Package:
    """What is published of a release, as it goes to a repository, `OWNER/NAME`."""
    manifest, files = part.manifest, dict(part.files)
    if repository is not None and CARD in files:
        files[CARD] = card = PackageFile.of(name_card(files[CARD].text(), repository, manifest.version))
        if CROISSANT in files:
            files[CROISSANT] = PackageFile.of(describe_card(files[CROISSANT].text(), card.sha256, card.size))
    return Package("dataset", manifest.name, manifest.version, files)
