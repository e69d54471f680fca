"""`strigil sign` and the check of its signatures."""

from __future__ import annotations

from pathlib import Path

from strigil.common.canonical import Json
from strigil.common.files import write_out
from strigil.releases.manifest import MANIFEST
from strigil.releases.provenance import statements
from strigil.releases.signing import SignatureError, open_envelopes, sign
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
    """What is wrong with a release's signatures: none, another key, or files that differ from those signed.

    Raises:
        ConfigError: The key cannot be used.
        PrerequisiteError: The extra `sign` is not installed.
    """
    file = release.path / ATTESTATION
    if not file.is_file():
        return [Problem(ATTESTATION, "is missing: the release was not signed")]
    try:
        signed = open_envelopes(file.read_text(encoding="utf-8", errors="replace"), key)
    except SignatureError as error:
        return [Problem(ATTESTATION, str(error))]
    expected = statements(release.manifest)
    now = _subjects(expected[0])
    kinds = [content.get("predicateType") for content in signed if isinstance(content, dict)]
    if missing := [str(one["predicateType"]) for one in expected if one["predicateType"] not in kinds]:
        return [Problem(ATTESTATION, f"has no signature over {', '.join(missing)}")]
    problems = {problem.path: problem for content in signed for problem in _differences(_subjects(content), now)}
    return list(problems.values())


def _differences(then: dict[str, Json], now: dict[str, Json]) -> list[Problem]:
    """What differs; the manifest alone where it does, for it decides what else there is."""
    if then.keys() != now.keys() or then[MANIFEST] != now[MANIFEST]:
        return [Problem(MANIFEST, "is not the one that was signed")]
    return [Problem(name, "is not the one that was signed") for name in sorted(now) if now[name] != then[name]]


def _subjects(content: Json) -> dict[str, Json]:
    subjects = content.get("subject") if isinstance(content, dict) else None
    if not isinstance(subjects, list):
        return {}
    return {str(item.get("name")): item.get("digest") for item in subjects if isinstance(item, dict)}
