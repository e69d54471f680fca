"""`strigil verify`: is a release what it was when it was written?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.core.errors import ManifestError
from strigil.core.manifest import MANIFEST
from strigil.core.release import Problem, open_release, verify_release

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Verification:
    """The outcome; `files` counts the files that were compared."""

    path: Path
    files: int
    problems: list[Problem]

    @property
    def passed(self) -> bool:
        """Whether all is as it was written."""
        return not self.problems


def verify(path: Path) -> Verification:
    """Verifies a release.

    Raises:
        DataError: There is no complete release at this path.
    """
    try:
        release = open_release(path)
    except ManifestError as error:
        return Verification(path, 1, [Problem(MANIFEST, error.what)])
    return Verification(release.path, len(release.manifest.files) + 1, verify_release(release))
