"""Releases and students as packages for the Hub."""

from __future__ import annotations

from strigil.releases.manifest import MANIFEST
from strigil.releases.named import CARD, CROISSANT, describe_card, name_card
from strigil.releases.store import ATTESTATION, Release
from strigil.stores.hub.package import Package, PackageFile


def release_package(release: Release, repository: str | None = None) -> Package:
    """A release with its manifest and, if it was signed, its signatures.

    Args:
        release: Which.
        repository: Where it goes, `OWNER/NAME`; its card then names it.
    """
    files = {
        record.path: PackageFile(release.path / record.path, record.sha256, record.size)
        for record in release.manifest.files
    }
    for name in (MANIFEST, ATTESTATION):
        if (release.path / name).exists():
            files[name] = PackageFile.at(release.path / name)
    if repository is not None and CARD in files:
        text = (release.path / CARD).read_bytes().decode()
        files[CARD] = card = PackageFile.of(name_card(text, repository, release.manifest.version))
        if CROISSANT in files:
            described = (release.path / CROISSANT).read_bytes().decode()
            files[CROISSANT] = PackageFile.of(describe_card(described, card.sha256, card.size))
    return Package("dataset", release.manifest.name, release.manifest.version, files)
