"""What several commands print: a release, and an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strigil.audits.run import Audit
    from strigil.cli.console import Output
    from strigil.core.manifest import RuleRecord
    from strigil.core.release import Release

_COLUMNS = ("rule", "threshold", "rejected", "by it alone", "reasons")


def show_release(output: Output, release: Release) -> None:
    """A release's counts and where it is."""
    manifest = release.manifest
    output.json({"release": str(release.path), "version": manifest.version, "rows": manifest.counts.model_dump()})
    output.table(
        f"{manifest.name} {manifest.version}: {manifest.counts.raw} rows, {manifest.counts.clean} clean, "
        f"{manifest.counts.removed} removed",
        _COLUMNS,
        _rules(manifest.audit.rules),
    )
    output.path(str(release.path))


def show_audit(output: Output, audit: Audit) -> None:
    """What each rule rejected."""
    from strigil.workflows.releasing import audit_record

    record = audit_record(audit)
    rows = {"raw": audit.clean.height + audit.removed.height, "clean": audit.clean.height}
    output.json({"rows": {**rows, "removed": audit.removed.height}, "audit": record.model_dump(mode="json")})
    output.table(
        f"Suite {record.suite}: {rows['raw']} rows in, {rows['clean']} out, {audit.removed.height} removed",
        _COLUMNS,
        _rules(record.rules),
    )


def _rules(rules: list[RuleRecord]) -> list[list[str]]:
    return [
        [
            rule.rule.name,
            f"{rule.threshold:g}",
            str(rule.rejected),
            str(rule.alone),
            ", ".join(f"{reason}: {count}" for reason, count in rule.reasons.items()),
        ]
        for rule in rules
    ]
