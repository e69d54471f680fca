"""Names of files in manifests that came from outside."""

from __future__ import annotations

from pathlib import PurePosixPath

from strigil.common.errors import DataError
from strigil.releases.manifest import Manifest


def check_paths(manifest: Manifest, source: str) -> None:
    """A manifest from outside must not write anywhere else.

    Raises:
        DataError: It names a file outside of its release.
    """
    for record in manifest.files:
        path = PurePosixPath(record.path)
        if path.is_absolute() or ".." in path.parts or "\\" in record.path or ":" in record.path or not path.parts:
            message = f"{source}: the manifest names {record.path!r}, which lies outside of a release"
            raise DataError(message)
