"""`strigil verify`: is a release what it was when it was written?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from strigil.common.errors import ManifestError
from strigil.releases.manifest import MANIFEST
from strigil.releases.store import Problem, find_release, verify_release
from strigil.workflows.publish.sign import check_signature

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


def verify(path: Path, key: Path | None = None) -> Verification:
    """Verifies a release, and with a public key also that the holder of the private one signed it as it is.

    Raises:
        ConfigError: The key cannot be used.
        DataError: There is no complete release at this path.
        PrerequisiteError: Signatures cannot be checked here.
    """
    try:
        release = find_release(path)
    except ManifestError as error:
        return Verification(path, 1, [Problem(MANIFEST, error.what)])
    problems = verify_release(release)
    if key is not None:
        problems += [problem for problem in check_signature(release, key) if problem not in problems]
    return Verification(release.path, len(release.manifest.files) + 1, problems)
