"""`strigil gate`: may this data pass? Never on a guess: what could not be found out keeps the gate shut."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from strigil.audits.expectations import Expectations, Outcome
from strigil.audits.suite import Suite, load_suite, suite_names
from strigil.audits.tally import RuleCount
from strigil.core.errors import ConfigError, DataError
from strigil.core.gate_report import Check, FailOn, GateReport, RowFinding, Severity, decide
from strigil.core.intake import Intake, find_files
from strigil.core.manifest import MANIFEST
from strigil.core.release import PARTIAL, Split, open_release, verify_release, versions
from strigil.workflows.gate_baseline import Lock, lock_of, outcome_id, read_lock
from strigil.workflows.gate_measure import Measured, measure
from strigil.workflows.time_limit import time_limit

TIME_LIMIT = 600.0
_PLAIN_ID = re.compile(r"[\w.:-]{1,128}")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")


@dataclass(frozen=True)
class GateOptions:
    """How to gate.

    Attributes:
        split: The part of a release that is judged; other data has only one.
        fail_on: The least severity that fails the gate.
        baseline: An earlier release, an earlier file of rows, or a lock (.json): what was as bad then may pass.
        show_text: Puts texts of rows into the report; they may be harmful.
        time_limit: Seconds.
    """

    split: Split = "clean"
    fail_on: FailOn = "error"
    baseline: str | None = None
    show_text: bool = False
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True)
class Gated:
    """The report, and the lock of the run; there is none where nothing could be measured."""

    report: GateReport
    lock: Lock | None


@dataclass(frozen=True)
class _Source:
    files: list[Path]
    problems: list[str]


def gate(data: str, suite: str | None = None, options: GateOptions | None = None) -> Gated:
    """Gates a release, a file of rows or a glob.

    Args:
        data: Its path.
        suite: A suite's name or YAML file; a release's own if not given.
        options: How to gate.

    Raises:
        ConfigError: There is no such data, suite or baseline.
        CheckFailedError: It took too long.
        PrerequisiteError: A rule needs something that is not installed.
    """
    options = options or GateOptions()
    chosen = load_suite(suite or _own_suite(data))
    Expectations.prepare(chosen.expectations)
    with time_limit(options.time_limit, what=f"gating {data}"):
        lock = _baseline(options, chosen)
        try:
            source = _open(data, options.split)
            measured = _measure(source, chosen, options, name=data)
        except DataError as error:
            detail = error.message if options.show_text else _without_quotes(error.message)
            return Gated(_report(data, chosen, options, 0, [_data("error", detail)]), None)
    checks = _checks(chosen, measured, lock, options)
    if source.problems:
        checks.insert(0, _data("failed", "; ".join(source.problems)))
    else:
        checks.insert(0, _data("passed", f"{measured.rows} rows, files: {len(source.files)}"))
    if not measured.rules:
        checks.append(_data("error", f"no rule of the suite {chosen.name!r} could judge this data", name="suite"))
    return Gated(
        _report(data, chosen, options, measured.rows, checks),
        lock_of(data, chosen, measured) if measured.rows else None,
    )


def _is_release(path: Path) -> bool:
    return path.is_dir() and ((path / MANIFEST).exists() or bool(versions(path)) or (path / PARTIAL).exists())


def _own_suite(data: str) -> str:
    suite = open_release(Path(data)).manifest.audit.suite if _is_release(Path(data)) else None
    if suite is None or suite not in suite_names():
        message = f"{data} does not say which suite it is to be gated with"
        raise ConfigError(message, hint="name one with --suite, for example --suite numbers-paper")
    return suite


def _open(data: str, split: Split) -> _Source:
    if not _is_release(Path(data)):
        return _Source(find_files(data), [])
    release = open_release(Path(data))
    problems = [f"{problem.path} {problem.what}" for problem in verify_release(release)]
    files = sorted((release.path / "data" / split).glob("*.parquet"))
    if not files:
        message = f"{release.path} has no {split} rows"
        raise DataError(message)
    outside = [file.name for file in files if not file.resolve().is_relative_to(release.path.resolve())]
    if outside:
        message = f"{release.path}: {', '.join(outside)} leads out of the release"
        raise DataError(message)
    return _Source(files, problems)


def _measure(source: _Source, suite: Suite, options: GateOptions, *, name: str) -> Measured:
    with Intake() as intake:
        return measure(intake.open(source.files), suite, source=name, show_text=options.show_text)


def _baseline(options: GateOptions, suite: Suite) -> Lock | None:
    if options.baseline is None:
        return None
    if options.baseline.endswith(".json"):
        return read_lock(Path(options.baseline))
    return lock_of(
        options.baseline,
        suite,
        _measure(_open(options.baseline, options.split), suite, options, name=options.baseline),
    )


def _report(data: str, suite: Suite, options: GateOptions, rows: int, checks: list[Check]) -> GateReport:
    return GateReport(
        data=data,
        suite=suite.name,
        suite_digest=suite.digest,
        rows=rows,
        fail_on=options.fail_on,
        baseline=options.baseline,
        checks=checks,
        passed=decide(checks, rows=rows, fail_on=options.fail_on),
    )


def _checks(suite: Suite, measured: Measured, lock: Lock | None, options: GateOptions) -> list[Check]:
    counts = {count.rule.rule.name: count for count in measured.rules}
    checks = []
    for chosen in suite.rules:
        name, severity = chosen.rule.name, chosen.allow.severity
        if name in counts:
            checks.append(_rule(suite, counts[name], measured, lock))
        elif name in measured.skipped:
            checks.append(
                Check(id=name, kind="rule", severity=severity, result="skipped", detail=measured.skipped[name])
            )
        else:
            checks.append(Check(id=name, kind="rule", severity="error", result="error", detail=measured.crashed[name]))
    return checks + [_expectation(outcome, lock, options) for outcome in measured.outcomes]


def _rule(suite: Suite, count: RuleCount, measured: Measured, lock: Lock | None) -> Check:
    name, rows, allow = count.rule.rule.name, measured.rows, count.rule.allow
    limit = allow.limit(rows)
    over = count.rejected > limit
    known = over and lock is not None and not lock.regressed(suite, name, rejected=count.rejected, rows=rows)
    reasons = ", ".join(f"{reason}: {number}" for reason, number in list(count.reasons.items())[:5])
    detail = f"{count.rejected} of {rows} rows rejected ({count.rejected / rows:.2%}), {limit:g} allowed"
    return Check(
        id=name,
        kind="rule",
        severity=allow.severity,
        result="failed" if over and not known else "passed",
        detail="; ".join(part for part in (detail, reasons, "no worse than the baseline" if known else "") if part),
        rejected=count.rejected,
        findings=[_plain(finding) for finding in measured.findings[name]],
    )


def _plain(finding: RowFinding) -> RowFinding:
    """Its id only where it is one: somebody may have put a text there."""
    if _PLAIN_ID.fullmatch(finding.row_id):
        return finding
    return finding.model_copy(update={"row_id": finding.digest})


def _expectation(outcome: Outcome, lock: Lock | None, options: GateOptions) -> Check:
    severities: dict[str, Severity] = {"critical": "error", "warning": "warning", "info": "info"}
    name = outcome_id(outcome)
    known = outcome.result == "failed" and lock is not None and lock.failed_then(name)
    if outcome.result == "passed":
        detail = "met"
    elif options.show_text and outcome.detail is not None:
        detail = outcome.detail
    elif outcome.result == "error":
        detail = "could not be evaluated; --show-text says why"
    else:
        detail = f"{outcome.unexpected} lines do not meet it" if outcome.unexpected else "not met"
    return Check(
        id=name,
        kind="expectation",
        severity=severities[outcome.choice.severity],
        result="passed" if known else outcome.result,
        detail=f"{detail}; no worse than the baseline" if known else detail,
        rejected=outcome.unexpected,
    )


def _data(result: str, detail: str, *, name: str = "data") -> Check:
    return Check.model_validate({"id": name, "kind": "data", "severity": "error", "result": result, "detail": detail})


def _without_quotes(message: str) -> str:
    """Readers of tables quote what they could not read."""
    return _QUOTED.sub("…", message)[:500]
