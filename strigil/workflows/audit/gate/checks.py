"""From what was measured to checks: what may be rejected, what was as bad before, and what could not be found out."""

from __future__ import annotations

import math
from typing import Final

from strigil.audits.suite.expectations import Outcome
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RuleCount
from strigil.models.weight_similarity import HAZARDOUS
from strigil.records.gate import Check, Result, Severity
from strigil.releases.manifest import Manifest
from strigil.workflows.audit.gate.baseline import Baseline, outcome_id
from strigil.workflows.audit.gate.measure import Measured

_REASONS: Final = 5
_SEVERITIES: Final[dict[str, Severity]] = {"critical": "error", "warning": "warning", "info": "info"}


def data_check(result: Result, detail: str, *, name: str = "data") -> Check:
    """Whether the data could be judged at all."""
    return Check(id=name, kind="data", severity="error", result=result, detail=detail)


def baseline_check(name: str, baseline: Baseline, suite: Suite, measured: Measured) -> Check:
    """Whether a baseline still fits the suite; what does not is not compared, and is judged by itself."""
    found = baseline.misfits(suite, measured)
    more = f", shares may be {baseline.tolerance:g} larger" if baseline.tolerance else ""
    detail = f"compared with {baseline.lock.rows} rows of {name}{more}"
    if found:
        which = "; ".join(f"{each} {why}" for each, why in found.items())
        detail = f"{name} no longer fits: {which}; --write-lock writes it anew"
    return Check(id="baseline", kind="data", severity="warning", result="failed" if found else "passed", detail=detail)


def rule_checks(suite: Suite, measured: Measured, baseline: Baseline | None) -> list[Check]:
    """One check for each rule of the suite, also for those that had nothing to look at or crashed."""
    counts = {count.rule.rule.name: count for count in measured.rules}
    checks = []
    for chosen in suite.rules:
        name, severity = chosen.rule.name, chosen.allow.severity
        if name in counts:
            checks.append(_rule(suite, counts[name], measured, baseline))
        elif name in measured.skipped:
            detail = measured.skipped[name]
            checks.append(Check(id=name, kind="rule", severity=severity, result="skipped", detail=detail))
        else:
            checks.append(Check(id=name, kind="rule", severity="error", result="error", detail=measured.crashed[name]))
    return checks


def expectation_check(outcome: Outcome, baseline: Baseline | None, *, show_text: bool) -> Check:
    """What became of one expectation; its own words only where texts were asked for, for they quote rows."""
    choice, name = outcome.choice, outcome_id(outcome)
    result, detail = outcome.result, _told(outcome, show_text=show_text)
    if choice.allow.given and outcome.unexpected is not None and outcome.lines:
        limit = choice.allow.limit(outcome.lines)
        result = "failed" if outcome.unexpected > limit else "passed"
        detail = f"{outcome.unexpected} of {outcome.lines} lines do not meet it, {limit:g} allowed"
    known = result == "failed" and baseline is not None and baseline.failed_then(outcome)
    return Check(
        id=name,
        kind="expectation",
        severity=_SEVERITIES[choice.severity],
        result="passed" if known else result,
        detail=f"{detail}; no worse than the baseline" if known else detail,
        rejected=outcome.unexpected,
    )


def hazard_checks(manifest: Manifest) -> list[Check]:
    """For each model that a release is meant to train: can it take over what its teacher has?

    A hazard is no fault of the data, so it warns.
    """
    if manifest.teacher is None:
        return []
    base = manifest.teacher.base.id
    return [
        Check(
            id=f"hazard.{hazard.student.id}",
            kind="hazard",
            severity="warning",
            result="failed" if hazard.relation in HAZARDOUS else "passed",
            detail=f"{base} wrote the rows that {hazard.student.id} is to learn: {hazard.relation} ({hazard.reason})",
        )
        for hazard in manifest.hazards
    ]


def _rule(suite: Suite, count: RuleCount, measured: Measured, baseline: Baseline | None) -> Check:
    name, rows, allow = count.rule.rule.name, measured.rows, count.rule.allow
    limit = allow.limit(rows)
    allowed = "" if math.isinf(limit) else f", {limit:g} allowed"
    problems = [f"{count.rejected} of {rows} rows rejected ({count.rejected / rows:.2%}){allowed}"]
    over = count.rejected > limit
    for quantile, score in allow.quantiles.items():
        above, room = count.above[score], rows - allow.reached(quantile, rows)
        over = over or above > room
        problems.append(f"{above} scores above {score:g}, {room} allowed by the {quantile:g} quantile")
    known = over and baseline is not None and not baseline.regressed(suite, count, rows=rows)
    reasons = ", ".join(f"{reason}: {number}" for reason, number in list(count.reasons.items())[:_REASONS])
    return Check(
        id=name,
        kind="rule",
        severity=allow.severity,
        result="failed" if over and not known else "passed",
        detail="; ".join(part for part in (*problems, reasons, "no worse than the baseline" if known else "") if part),
        rejected=count.rejected,
        findings=measured.findings[name],
        seconds=round(measured.seconds[name], 3),
    )


def _told(outcome: Outcome, *, show_text: bool) -> str:
    if outcome.result == "passed":
        return f"met by {outcome.judged} judged"
    if show_text and outcome.detail is not None:
        return outcome.detail
    if outcome.result == "error":
        return "could not be evaluated; --show-text says why"
    return f"{outcome.unexpected} lines do not meet it" if outcome.unexpected else "not met"
