"""`strigil gate`: may this data pass? Never on a guess: what could not be found out keeps the gate shut."""

from __future__ import annotations

import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from strigil.audits.suite.suite import Suite
from strigil.common.errors import ConfigError, DataError
from strigil.data.layouts.layout import Reading
from strigil.data.readers import NamedFile
from strigil.records.gate import Check, FailOn, GateReport, decide
from strigil.releases.store import Split
from strigil.sources.open_rows import RowSource, open_files, open_rows
from strigil.workflows.audit.gate.baseline import Baseline, Lock, lock_of, read_lock
from strigil.workflows.audit.gate.checks import (
    baseline_check,
    data_check,
    expectation_check,
    hazard_checks,
    rule_checks,
)
from strigil.workflows.audit.gate.measure import Measured, measure
from strigil.workflows.audit.gate.probes import probe_checks, read_results
from strigil.workflows.audit.gate.time_limit import time_limit
from strigil.workflows.release.suites import prepared, suite_for

TIME_LIMIT = 600.0
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"")


@dataclass(frozen=True)
class GateOptions:
    """How to gate.

    Attributes:
        split: The part of a release that is judged; other data has only one.
        fail_on: The least severity that fails the gate.
        baseline: Earlier data, or a lock (.json): what was as bad then may pass.
        tolerance: By how much a share may be larger than the baseline's: 0.01 is one row in a hundred.
        probes: Files of what `strigil probe --format json` printed about this release.
        show_text: Puts texts of rows into the report; they may be harmful.
        time_limit: Seconds.
        reading: What the columns of data mean that are no release; if not given, they decide themselves.
    """

    split: Split = "clean"
    fail_on: FailOn = "error"
    baseline: str | None = None
    tolerance: float = 0.0
    probes: tuple[Path, ...] = ()
    show_text: bool = False
    time_limit: float = TIME_LIMIT
    reading: Reading | None = None


@dataclass(frozen=True)
class Gated:
    """The report, and the lock of the run; there is none where nothing could be measured."""

    report: GateReport
    lock: Lock | None


def gate(given: str | NamedFile, suite: str | None = None, options: GateOptions | None = None) -> Gated:
    """Gates a release, a file of rows or a glob, here, in a bucket (`s3://`) or on the Hub.

    Args:
        given: Its path or address, or a file with what to call it.
        suite: A suite's name or YAML file; a release's own if not given.
        options: How to gate.

    Raises:
        ConfigError: There is no such data, suite, baseline or result of a probe.
        CheckFailedError: It took too long.
        DataError: The baseline cannot be read, or a release that was to say its suite.
        PrerequisiteError: A rule needs something that is not installed, or the data cannot be reached.
    """
    options = options or GateOptions()
    if options.tolerance and options.baseline is None:
        message = "a tolerance is about a baseline, and none is given"
        raise ConfigError(message, hint="add --baseline, or leave --tolerance out")
    started = perf_counter()
    data = given if isinstance(given, str) else given.name
    chosen = None if suite is None else prepared(suite)
    if chosen is not None:
        options = replace(options, reading=(options.reading or Reading()).over(chosen.reading))
    results = read_results(options.probes)
    with ExitStack() as stack:
        stack.enter_context(time_limit(options.time_limit, what=f"gating {data}"))
        try:
            source = stack.enter_context(
                open_rows(given, options.split, reading=options.reading, accept_changed=True)
                if isinstance(given, str)
                else open_files(
                    [given if chosen is None else replace(given, reading=given.reading.over(chosen.reading))]
                )
            )
        except DataError as error:
            if chosen is None:
                raise
            return _unreadable(data, chosen, options, error, since=started)
        chosen = chosen or suite_for(source, None)
        baseline = None if options.baseline is None else _baseline(options.baseline, chosen, options)
        try:
            measured = measure(source, chosen, show_text=options.show_text)
        except DataError as error:
            return _unreadable(data, chosen, options, error, since=started)
    checks = [
        _data(source, measured),
        *([] if baseline is None else [baseline_check(options.baseline or "", baseline, chosen, measured)]),
        *rule_checks(chosen, measured, baseline),
        *(expectation_check(outcome, baseline, show_text=options.show_text) for outcome in measured.outcomes),
        *probe_checks(chosen, results, source.release, data=data),
        *([] if source.release is None else hazard_checks(source.release.manifest)),
    ]
    if not measured.rules:
        detail = f"no rule of the suite {chosen.name!r} could judge this data"
        checks.append(data_check("error", detail, name="suite"))
    return Gated(
        _report(data, chosen, options, checks, since=started, measured=measured),
        lock_of(data, chosen, measured) if measured.rows else None,
    )


def _baseline(baseline: str, suite: Suite, options: GateOptions) -> Baseline:
    if baseline.endswith(".json"):
        return Baseline(read_lock(Path(baseline)), options.tolerance)
    with open_rows(baseline, options.split, reading=options.reading) as rows:
        lock = lock_of(baseline, suite, measure(rows, suite, show_text=options.show_text))
    return Baseline(lock, options.tolerance)


def _data(source: RowSource, measured: Measured) -> Check:
    if source.problems:
        return data_check("failed", "; ".join(f"{one.path} {one.what}" for one in source.problems))
    first = "" if source.limit is None else ", and no more asked for"
    found = [f"{measured.rows} rows{first}", f"files: {len(source.files)}", source.place]
    return data_check("passed", ", ".join(part for part in found if part is not None))


def _unreadable(data: str, suite: Suite, options: GateOptions, error: DataError, *, since: float) -> Gated:
    """Readers of tables quote what they could not read."""
    said = error.message if error.hint is None else f"{error.message}; {error.hint}"
    detail = said if options.show_text else _QUOTED.sub("…", said)[:500]
    checks = [data_check("error", detail)]
    return Gated(_report(data, suite, options, checks, since=since, measured=Measured()), None)


def _report(
    data: str, suite: Suite, options: GateOptions, checks: list[Check], *, since: float, measured: Measured
) -> GateReport:
    return GateReport(
        data=data,
        suite=suite.name,
        suite_digest=suite.digest,
        rows=measured.rows,
        removed=measured.removed,
        seconds=round(perf_counter() - since, 3),
        fail_on=options.fail_on,
        baseline=options.baseline,
        checks=checks,
        passed=decide(checks, rows=measured.rows, fail_on=options.fail_on),
    )
