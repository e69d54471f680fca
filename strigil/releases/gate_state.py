"""Whether a release has passed its gate: the one place that decides it for publishing."""

from __future__ import annotations

from dataclasses import dataclass

from strigil.releases.manifest import Manifest


@dataclass(frozen=True)
class GateState:
    """`reason` says why the gate was not passed; it is None if it was."""

    reason: str | None

    @property
    def passed(self) -> bool:
        """Whether the release may be published."""
        return self.reason is None


def gate_state(manifest: Manifest) -> GateState:
    """Reads it off the manifest: rules judged the rows, rows are left, no critical expectation failed."""
    if not manifest.audit.rules:
        return GateState(f"the suite {manifest.audit.suite!r} has no rules: nothing was audited")
    if manifest.counts.clean == 0:
        return GateState("no clean rows are left")
    failed = [
        expectation.expectation
        for expectation in manifest.audit.expectations
        if expectation.severity == "critical" and expectation.result != "passed"
    ]
    return GateState(f"critical expectations were not met: {', '.join(failed)}" if failed else None)
