"""`strigil sign` and the check of its signatures."""

from __future__ import annotations

from pathlib import Path

from strigil.common.files import write_out
from strigil.releases.provenance import statements
from strigil.releases.signing import SignatureError, check_envelopes, sign
from strigil.releases.store import ATTESTATION, Problem, Release, open_release


def sign_release(path: Path, key: Path) -> Path:
    """Signs a release as it is now, and returns the file with the signatures.

    Raises:
        CheckFailedError: It is not what was released.
        ConfigError: The key cannot be used.
        DataError: There is no complete release.
        PrerequisiteError: The extra `sign` is not installed.
    """
    release = open_release(path)
    text = sign(statements(release.manifest), key)
    target = release.path / ATTESTATION
    write_out(target, text)
    return target


def check_signature(release: Release, key: Path) -> list[Problem]:
    """What is wrong with a release's signatures, besides what can be seen without a key: none, or another key.

    Raises:
        ConfigError: The key cannot be used.
        PrerequisiteError: The extra `sign` is not installed.
    """
    file = release.path / ATTESTATION
    if not file.is_file():
        return [Problem(ATTESTATION, "is missing: the release was not signed")]
    try:
        check_envelopes(file.read_text(encoding="utf-8", errors="replace"), key)
    except SignatureError as error:
        return [Problem(ATTESTATION, str(error))]
    return []
