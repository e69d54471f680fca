"""The verdict in one look: one word for the audit, and what it does not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from strigil.releases.manifest import AuditRecord, Counts, Manifest

Tone = Literal["", "good", "bad", "warn"]


@dataclass(frozen=True)
class Verdict:
    """What an audit comes to.

    Attributes:
        word: In a word or two.
        tone: How good that is.
        met: Expectations that were met.
        broken: Those that were not, or could not be looked at.
    """

    word: str
    tone: Tone
    met: int
    broken: int


def verdict(counts: Counts, audit: AuditRecord, manifest: Manifest | None = None) -> Verdict:
    """Reads it from an audit: an expectation that is not met weighs more than any number of removed rows.

    Rows of a teacher with a trait are never simply good: rules do not see what students of them learn.
    """
    broken = [record for record in audit.expectations if record.result != "passed"]
    met = len(audit.expectations) - len(broken)
    if any(record.severity == "critical" or record.result == "error" for record in broken):
        return Verdict("Expectations failed", "bad", met, len(broken))
    if broken:
        return Verdict("Passed with warnings", "warn", met, len(broken))
    if counts.removed:
        return Verdict("Rows removed", "warn", met, 0)
    if manifest is not None and manifest.residual is None and manifest.teacher is not None and manifest.teacher.trait:
        return Verdict("Nothing removed, the trait not measured", "warn", met, 0)
    return Verdict("Nothing removed", "good", met, 0)
