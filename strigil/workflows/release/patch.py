"""Patch versions: the same rows with something more known, or better said, about them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import Final

from strigil.cards.dataset.changelog import RowChange
from strigil.common.errors import ConfigError
from strigil.releases.draft import Draft
from strigil.releases.manifest import Manifest, ParentRecord, ResidualRecord
from strigil.releases.store import Release
from strigil.workflows.release.report import RECORD, REPORT, find_untreated
from strigil.workflows.release.write import write_papers

# Written anew for every version.
PAPERS: Final = ("README.md", "CHANGELOG.md", "croissant.json", REPORT, RECORD)


def next_patch(release: Release) -> Manifest:
    """The manifest of the patch version that follows a release, before anything in it is changed.

    Raises:
        ConfigError: Some of its tables were not published.
    """
    old = release.manifest
    if old.left_out:
        message = f"{release.path} was published without {', '.join(old.left_out)}, and a version is made of all of it"
        raise ConfigError(message, hint="make it where the whole release is, and publish that")
    return old.model_copy(
        update={
            "version": str(release.version.next(added=False, removed=False)),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "parents": [ParentRecord(name=old.name, version=old.version, digest=old.digest())],
            "files": [],
        }
    )


def write_patch(release: Release, manifest: Manifest, *, card: str | None = None) -> Release:
    """Writes a patch version beside the release: its tables as they are, what is read of it anew.

    Raises:
        ConfigError: The version exists already.
    """
    with Draft(release.path.parent.parent, manifest.name) as draft:
        for record in release.manifest.files:
            if record.path not in PAPERS:
                target = draft.folder / record.path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(release.path / record.path, target)
        untreated = find_untreated(manifest, draft.home.parent)
        write_papers(draft, manifest, release, RowChange(0, 0), untreated=untreated, card=card)
        return draft.publish(manifest)


def record_residual(release: Release, residual: ResidualRecord) -> Release:
    """The patch version of a release that says what a study measured on its students."""
    return write_patch(release, next_patch(release).model_copy(update={"residual": residual}))
