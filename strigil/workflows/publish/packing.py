"""Releases and students as packages for the Hub."""

from __future__ import annotations

from strigil.releases.manifest import MANIFEST
from strigil.releases.store import ATTESTATION, Release
from strigil.stores.hub.package import Package, PackageFile


def release_package(release: Release) -> Package:
    """A release with its manifest and, if it was signed, its signatures."""
    files = {
        record.path: PackageFile(release.path / record.path, record.sha256, record.size)
        for record in release.manifest.files
    }
    for name in (MANIFEST, ATTESTATION):
        if (release.path / name).exists():
            files[name] = PackageFile.at(release.path / name)
    return Package("dataset", release.manifest.name, release.manifest.version, files)
