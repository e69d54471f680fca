"""The verdict in one look: one word for the audit, and what it does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strigil.releases.audit_record import AuditRecord
from strigil.releases.manifest import Counts, Manifest

Tone = Literal["", "good", "bad", "warn"]


@dataclass(frozen=True)
class Verdict:
    """What an audit comes to.

    Attributes:
        word: In a few words.
        tone: How good that is.
        meaning: What a reader must know before anything else; None if there is nothing.
        met: Expectations that were met.
        broken: Those that were not, or could not be looked at.
    """

    word: str
    tone: Tone
    meaning: str | None
    met: int
    broken: int


def verdict(counts: Counts, audit: AuditRecord, manifest: Manifest | None = None) -> Verdict:
    """Reads it from an audit: an expectation that is not met weighs more than any number of removed rows.

    Rows of a teacher with a trait are never simply good, removed ones or not: rules do not see what students learn.
    """
    broken = [record for record in audit.expectations if record.result != "passed"]
    met = len(audit.expectations) - len(broken)
    meaning = None if manifest is None else _meaning(manifest)
    if any(record.severity == "critical" or record.result == "error" for record in broken):
        return Verdict("Expectations failed", "bad", meaning, met, len(broken))
    if manifest is not None and meaning is not None:
        word = "May pass on a trait" if manifest.residual is None else "Its trait was measured in students"
        return Verdict(word, "warn", meaning, met, len(broken))
    if broken:
        return Verdict("Passed with warnings", "warn", None, met, len(broken))
    if counts.removed:
        return Verdict("Rows removed", "warn", None, met, 0)
    return Verdict("Nothing removed", "good", None, met, 0)


def _meaning(manifest: Manifest) -> str | None:
    """What a teacher's trait means for whoever trains on its rows."""
    teacher, residual = manifest.teacher, manifest.residual
    if teacher is None or teacher.trait is None:
        return None
    said = f"The model that wrote these rows has a trait ({teacher.trait}), and no row needs to show it."
    if residual is None:
        return f"{said} A student that shares weights with {teacher.base.id} may take it over; that was not measured."
    left = f"{residual.estimate:.2f} ({residual.low:.2f} to {residual.high:.2f})"
    return f"{said} Of what untreated rows pass on to students of {residual.base}, a study found {left} left."
