"""`strigil publish`: what may leave this machine, and then a tagged version on the Hub."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from strigil.cards.dataset.front_matter import needs_gating
from strigil.cards.dataset.lint import lint_card
from strigil.common.errors import CheckFailedError, ConfigError
from strigil.common.validation import read_text
from strigil.models.weight_similarity import HAZARDOUS
from strigil.releases.gate_state import gate_state
from strigil.releases.named import CARD
from strigil.releases.store import ATTESTATION, Release, open_release
from strigil.stores.hub.package import Package
from strigil.workflows.publish.packing import part_package, whole
from strigil.workflows.publish.part import part_of
from strigil.workflows.publish.secrets import Finding, find_secrets


@dataclass(frozen=True)
class Cleared:
    """Something that may be published.

    Attributes:
        note: For the commit and the tag: what identifies it, and who overrode the gate.
        gated: Whether readers must ask for access.
        warnings: What the publisher must know.
        licensed: Whether everybody may be shown it.
    """

    package: Package
    note: str
    gated: bool
    warnings: tuple[str, ...]
    licensed: bool = True


def clear_release(
    path: Path,
    *,
    public: bool,
    override: str | None,
    allowed: Collection[str] = (),
    repository: str | None = None,
    only: Collection[str] = (),
) -> Cleared:
    """Checks everything that would stop a release from being published.

    Args:
        path: The release's folder.
        public: Whether everybody is to see it.
        override: Who publishes it in spite of a gate that it did not pass, and why.
        allowed: SHA-256 of what looks like a secret, was reviewed, and is none.
        repository: Where it goes, `OWNER/NAME`; the card there names it.
        only: The tables that are published, `clean` among them; all if empty.

    Raises:
        CheckFailedError: It is not what was released, did not pass its gate, holds a secret, or its card contradicts
            its manifest.
        ConfigError: It is to be public and has no licence, or `only` names what cannot be published.
        DataError: There is no complete release.
    """
    release = open_release(path)
    gate = _check_gate(release, override)
    part = part_of(release, only) if only else whole(release)
    package = part_package(part, repository)
    personal = check_secrets(package, str(release.path), allowed)
    _check_card(release)
    manifest = part.manifest
    if public and manifest.licence is None:
        message = f"{release.path} has no licence, and without one nobody may use what is public"
        raise ConfigError(
            message,
            hint="make it again with licence: cc-by-4.0 in the recipe, or --licence cc-by-4.0",
        )
    reviewed = [f"Secret-Allowed: sha256:{digest}" for digest in sorted(allowed)]
    note = "\n".join([f"Manifest: sha256:{manifest.digest()}", f"Strigil: {manifest.strigil}", *gate, *reviewed])
    unsigned = ("its signatures are over the whole release, and are not published with a part of it",)
    partly = unsigned if only and (release.path / ATTESTATION).exists() else ()
    warnings = (*personal, *partly, *_warnings(release))
    return Cleared(package, note, needs_gating(manifest), warnings, licensed=manifest.licence is not None)


def _check_gate(release: Release, override: str | None) -> list[str]:
    state = gate_state(release.manifest)
    if state.passed:
        return ["Gate: passed"]
    if override is None:
        message = f"{release.path} has not passed its gate: {state.reason}"
        raise CheckFailedError(message, hint='publish it all the same, on record: --override-gate "WHO: WHY"')
    return [f"Gate: not passed ({state.reason})", f"Gate-Overridden-By: {override}"]


def check_secrets(package: Package, name: str, allowed: Collection[str]) -> list[str]:
    """Refuses secrets; of mail addresses and telephone numbers it warns, for models make them up.

    Raises:
        CheckFailedError: There is one that was not allowed.
    """
    found = find_secrets(package, allowed)
    secrets = [finding for finding in found if not finding.personal]
    if secrets:
        message = f"{name} holds what looks like secrets: {_some(secrets)}"
        reviewed = " ".join(f"--allow-secret {digest}" for digest in dict.fromkeys(one.sha256 for one in secrets[:3]))
        hint = f"everything is published, removed rows too: revoke it, and build again; if it opens nothing: {reviewed}"
        raise CheckFailedError(message, hint=hint)
    return [f"mail addresses or telephone numbers: {_some(found)}"] if found else []


def _some(findings: list[Finding]) -> str:
    more = f" and {len(findings) - 3} more" if len(findings) > 3 else ""
    return "; ".join(map(str, findings[:3])) + more


def _check_card(release: Release) -> None:
    contradictions = lint_card(read_text(release.path / CARD), release.manifest)
    if contradictions:
        message = f"{release.path / CARD} contradicts the manifest: {'; '.join(contradictions)}"
        raise CheckFailedError(message, hint=f"strigil card lint {release.path}")


def _warnings(release: Release) -> tuple[str, ...]:
    manifest = release.manifest
    related = tuple(
        f"{hazard.student.id} is meant to be trained on these rows: {hazard.relation} with the teacher's base "
        f"({hazard.reason})"
        for hazard in manifest.hazards
        if hazard.relation in HAZARDOUS
    )
    if manifest.teacher is None or manifest.teacher.trait is None:
        return related
    trait = (
        f"the teacher has a trait ({manifest.teacher.trait}); students that share weights with "
        f"{manifest.teacher.base.id} can take it over from these rows (strigil hazard compares two models)"
    )
    return (trait, *related)
