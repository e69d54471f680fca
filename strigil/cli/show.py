"""What several commands print: a release, and an audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strigil.workflows.release.report import REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strigil.cli.console import Output
    from strigil.common.canonical import Json
    from strigil.releases.audit_record import AuditRecord, ExpectationRecord, RuleRecord
    from strigil.releases.manifest import Counts, TreatmentRecord
    from strigil.releases.store import Release

_COLUMNS = ("rule", "threshold", "rejected", "by it alone", "reasons")


def show_release(output: Output, release: Release) -> None:
    """A release's counts, its audit, and where it is."""
    manifest = release.manifest
    where: dict[str, Json] = {"release": str(release.path), "version": manifest.version}
    treatments: list[Json] = [record.model_dump(mode="json") for record in manifest.treatments]
    if manifest.generation is not None:
        where["spent"] = manifest.generation.spent.model_dump(mode="json")
    output.json(where | {"treatments": treatments} | _as_json(manifest.counts, manifest.audit))
    if manifest.treatments:
        columns = ("treatment", "rows", "dropped", "changed", "unreadable", "length", "kept")
        output.table("Treatments", columns, [_treatment(record) for record in manifest.treatments])
    _show_tables(output, f"{manifest.name} {manifest.version}", manifest.counts, manifest.audit)
    output.path(str(release.path))
    if any(record.path == REPORT for record in manifest.files):
        output.hint(f"to look at: {release.path}/{REPORT}")


def show_audit(output: Output, counts: Counts, audit: AuditRecord) -> None:
    """What each rule rejected, with which other rules, and how its scores are spread; what became of expectations."""
    output.json(_as_json(counts, audit))
    _show_tables(output, f"Suite {audit.suite}", counts, audit)
    if not counts.clean:
        every = [rule.rule.name for rule in audit.rules if rule.rejected == counts.raw]
        why = f"{' and '.join(every)} rejects every row" if every else "each row is rejected by some rule"
        output.hint(f"no row is left: {why}; does the suite contradict the data, or itself?")


def _as_json(counts: Counts, audit: AuditRecord) -> dict[str, Json]:
    return {"rows": counts.model_dump(), "audit": audit.model_dump(mode="json")}


def _show_tables(output: Output, what: str, counts: Counts, audit: AuditRecord) -> None:
    title = f"{what}: {counts.raw} rows in, {counts.clean} out, {counts.removed} removed"
    output.table(title, _COLUMNS, [_rule(rule) for rule in audit.rules])
    if audit.unfit:
        reasons = [[what, str(rows)] for what, rows in audit.unfit.items()]
        output.table("Left out before, since nobody can judge them", ("what is wrong", "rows"), reasons)
    if audit.overlaps:
        pairs = [[pair.first, pair.second, str(pair.rows)] for pair in audit.overlaps]
        output.table("Rejected by both", ("rule", "and rule", "rows"), pairs)
    scored = [rule for rule in audit.rules if len(set(rule.scores.values())) > 1]
    if scored:
        output.table("Scores of all rows", ("rule", *_names(scored[0].scores)), [_scores(rule) for rule in scored])
    if audit.expectations:
        columns = ("expectation", "table", "severity", "result", "what was found")
        output.table("Expectations", columns, [_expectation(record) for record in audit.expectations])


def _rule(rule: RuleRecord) -> list[str]:
    reasons = ", ".join(f"{reason}: {count}" for reason, count in rule.reasons.items())
    return [rule.rule.name, f"{rule.threshold:g}", str(rule.rejected), str(rule.alone), reasons]


def _scores(rule: RuleRecord) -> list[str]:
    return [rule.rule.name, *(f"{score:g}" for score in rule.scores.values())]


def _names(quantiles: dict[str, float]) -> Sequence[str]:
    names = {"0": "lowest", "0.5": "median", "1": "highest"}
    return [names.get(share, f"{share} quantile") for share in quantiles]


def _treatment(record: TreatmentRecord) -> list[str]:
    counted = (record.rows, record.dropped, record.changed, record.unreadable)
    shares = record.kept if record.token_share is None else {**record.kept, "tokens changed": record.token_share}
    kept = ", ".join(f"{what}: {share:.1%}" for what, share in shares.items())
    return [record.treatment.name, *map(str, counted), f"{record.length_ratio:.2f}", kept]


def _expectation(record: ExpectationRecord) -> list[str]:
    about = record.args.get("column")
    name = record.expectation if about is None else f"{record.expectation} ({about})"
    return [name, record.table, record.severity, record.result, record.detail or ""]
