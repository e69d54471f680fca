"""What an audit asks its reader to do or to know, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from strigil.cards.dataset.front_matter import may_harm
from strigil.cards.page.page import number, short
from strigil.cards.report.reported import Reported
from strigil.releases.audit_record import AuditRecord, RuleRecord

_GRAVEST: Final = ("bad", "warn", "")


@dataclass(frozen=True)
class Action:
    """One thing to act on.

    Attributes:
        tone: How grave it is.
        about: What it is about, in code letters.
        text: What was found, and what to do about it.
        rule: The rule whose rows it is about; None where it is about no rows.
        section: The part of the page that says more; None if none does.
    """

    tone: Literal["bad", "warn", ""]
    about: str
    text: str
    rule: str | None = None
    section: str | None = None


def actions(reported: Reported) -> list[Action]:
    """All of an audit, the gravest first; none where there is nothing to act on."""
    return sorted(_found(reported), key=lambda action: _GRAVEST.index(action.tone))


def by_consequence(audit: AuditRecord) -> list[RuleRecord]:
    """The rules that reject rows: first those whose rows may harm, then by how many rows each took, and it alone."""
    return sorted(
        (rule for rule in audit.rules if rule.rejected),
        key=lambda rule: (not may_harm(rule), -rule.rejected, -rule.alone),
    )


def _found(reported: Reported) -> Iterator[Action]:
    audit, manifest = reported.audit, reported.manifest
    for record in audit.expectations:
        if record.result == "passed":
            continue
        grave = record.severity == "critical" or record.result == "error"
        said = f"is not met for the {record.table} rows" if record.result == "failed" else "could not be looked at"
        detail = f": {short(record.detail, 200)}" if record.detail else ""
        yield Action("bad" if grave else "warn", record.expectation, f"{said}{detail}.", section="expectations")
    for hazard in manifest.hazards if manifest is not None else []:
        if hazard.relation != "unrelated":
            said = f"is an intended student: {hazard.relation} with the teacher's base ({short(hazard.reason, 300)})."
            yield Action("warn", hazard.student.id, f"{said} Measure what it learns before you train it on these rows.")
    for rule in by_consequence(audit):
        if may_harm(rule):
            said = f"rejects {_rows(rule.rejected)} that may harm: {_reasons(rule)}."
            kept = "It is" if rule.rejected == 1 else "They are"
            said = f"{said} {kept} among the removed rows, and in this file."
            yield Action("warn", rule.rule.name, said, rule=rule.rule.name)
    for rule in audit.rules:
        for caution in rule.cautions:
            yield Action("warn", rule.rule.name, f"is to be read with caution: {short(caution, 500)}")
    for name, why in audit.skipped.items():
        yield Action("warn", name, f"judged nothing: {short(why, 300)}.")
    for what, rows in audit.unfit.items():
        yield Action("warn", _rows(rows), f"left out before any rule saw them, since nobody can judge them: {what}.")
    if reported.counts.truncated:
        end = "ends" if reported.counts.truncated == 1 else "end"
        said = f"{end} at the token limit, in the middle of what the model had to say."
        yield Action("", _rows(reported.counts.truncated), said)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{number(count)} rows"


def _reasons(rule: RuleRecord) -> str:
    """The commonest three."""
    commonest = sorted(rule.reasons.items(), key=lambda item: -item[1])
    named = ", ".join(f"{short(reason, 80)} ({number(count)})" for reason, count in commonest[:3])
    return named if len(commonest) <= 3 else f"{named} and {len(commonest) - 3} more"
