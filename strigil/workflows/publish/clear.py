"""What may leave this machine: a release, or a student."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from strigil.common.errors import ConfigError
from strigil.workflows.publish.run import Cleared, clear_release
from strigil.workflows.publish.student import clear_student, is_student


def clear(
    path: Path,
    *,
    public: bool,
    override: str | None,
    allowed: Collection[str],
    repository: str,
    only: Collection[str],
) -> Cleared:
    """Checks everything that would stop it from being published, as `clear_release` and `clear_student` say.

    Raises:
        ConfigError: Tables are asked of a student.
        StrigilError: As for those two.
    """
    if not is_student(path):
        return clear_release(path, public=public, override=override, allowed=allowed, repository=repository, only=only)
    if only:
        message = "--only is about the tables of a data set, and a student has none"
        raise ConfigError(message)
    return clear_student(path, allowed=allowed)
