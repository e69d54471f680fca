"""CHANGELOG.md of a release: what each version did to the rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strigil.cards.markdown_template import in_line
from strigil.releases.manifest import Manifest


@dataclass(frozen=True)
class RowChange:
    """How many clean rows a version added and removed, against the one before."""

    added: int
    removed: int


def changelog(manifest: Manifest, *, before: Manifest | None, change: RowChange, text: str | None) -> str:
    """The changelog of a version: its entry above those of the version before.

    Args:
        manifest: Of this version.
        before: Of the version before, of the same name; None for the first.
        change: Of the clean rows.
        text: The changelog of the version before.
    """
    head = f"# Changelog of {in_line(manifest.name)}\n\nA patch never changes rows, a minor version adds some, a "
    head += "major one changes or removes some.\n"
    entry = [f"## {manifest.version} ({manifest.created[:10]})", "", *_lines(manifest, before, change)]
    older = re.split(r"(?m)^(?=## )", text, maxsplit=1)[1:] if text is not None else []
    return "\n".join([head, *entry, "", *older]).rstrip() + "\n"


def _lines(manifest: Manifest, before: Manifest | None, change: RowChange) -> list[str]:
    audit, counts = manifest.audit, manifest.counts
    lines = [f"- {counts.clean} clean rows of {counts.raw}, audited with the suite {_code(audit.suite)}."]
    if before is None:
        parents = ", ".join(in_line(f"{parent.name} {parent.version}") for parent in manifest.parents)
        return [*lines, f"- First version, made from {parents}." if parents else "- First version."]
    lines.append(f"- {change.added} clean rows added, {change.removed} removed.")
    if before.audit.suite_digest != audit.suite_digest:
        lines.append(f"- Another suite: {_code(audit.suite)} in place of {_code(before.audit.suite)}.")
    if before.treatments != manifest.treatments:
        names = ", ".join(_code(record.treatment.name) for record in manifest.treatments)
        lines.append(f"- Treatments: {names or 'none any more'}.")
    if before.licence != manifest.licence:
        lines.append(f"- Licence: {in_line(manifest.licence or 'none any more')}.")
    if before.residual != manifest.residual and manifest.residual is not None:
        lines.append(f"- Residual transfer measured: {manifest.residual.estimate:.2f}.")
    return lines


def _code(name: str) -> str:
    return f"`{in_line(name)}`"
