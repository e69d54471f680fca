"""Probes in a gate: what `strigil probe` found, read and held to a suite. A gate runs on the core; probes need a model.

Nothing found is not silence: a probe without a result, one of other data, and one that is not calibrated are errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from strigil.audits.probes.probe import ProbeResult
from strigil.audits.suite.suite import ProbeChoice, Suite
from strigil.common.errors import ConfigError
from strigil.common.validation import explain, read_text
from strigil.records.gate import Check, Result
from strigil.releases.store import Release

_RESULTS: Final = TypeAdapter(list[ProbeResult])
_WORSE: Final[tuple[Result, ...]] = ("passed", "failed", "error")


def read_results(paths: Sequence[Path]) -> list[ProbeResult]:
    """Reads what `strigil probe --format json` printed.

    Raises:
        ConfigError: A file cannot be read, or holds something else.
    """
    found: list[ProbeResult] = []
    for path in paths:
        try:
            found += _RESULTS.validate_json(read_text(path))
        except ValidationError as error:
            message = f"{path} holds no results of probes: {explain(error, ProbeResult)}"
            raise ConfigError(
                message, hint="write them with: strigil probe RELEASE --probe NAME --format json"
            ) from error
    return found


def probe_checks(suite: Suite, results: Sequence[ProbeResult], release: Release | None, *, data: str) -> list[Check]:
    """One check for each probe of the suite, and for each further one that has a result."""
    named = {choice.probe: choice for choice in suite.probes}
    others = {result.probe.name for result in results} - named.keys()
    choices = [*suite.probes, *(ProbeChoice(probe=name) for name in sorted(others))]
    return [
        _check(choice, [result for result in results if result.probe.name == choice.probe], release, data=data)
        for choice in choices
    ]


@dataclass(frozen=True)
class _Outcome:
    result: Result
    detail: str


def _check(choice: ProbeChoice, results: list[ProbeResult], release: Release | None, *, data: str) -> Check:
    outcomes = [_judge(choice, result, release, data=data) for result in results]
    if not outcomes:
        asked = f"strigil probe {data} --probe {choice.probe} --format json > probes.json"
        outcomes = [_Outcome("error", f"no result is given: {asked}, then --probes probes.json")]
    worst = max(outcomes, key=lambda outcome: _WORSE.index(outcome.result))
    return Check(
        id=choice.probe,
        kind="probe",
        severity=choice.severity,
        result=worst.result,
        detail="; ".join(dict.fromkeys(outcome.detail for outcome in outcomes)),
    )


def _judge(choice: ProbeChoice, result: ProbeResult, release: Release | None, *, data: str) -> _Outcome:
    about = None if release is None else f"{release.manifest.name} {release.manifest.version}"
    if about is None or not (result.data == about or result.data.endswith(f" of {about}")):
        return _Outcome("error", f"the result is about {result.data}, not about {about or data}")
    if not result.calibrated or result.alarm == "refused":
        return _Outcome("error", f"not calibrated, so neither alarm nor silence: {result.reason}")
    if choice.level is None:
        return _Outcome("failed" if result.alarm == "alarm" else "passed", result.reason)
    rates = [statistic.q_value for statistic in result.statistics if statistic.q_value is not None]
    if not rates:
        return _Outcome("error", f"no false discovery rate to hold against {choice.level:g}: {result.reason}")
    alarm = min(rates) <= choice.level
    return _Outcome(
        "failed" if alarm else "passed",
        f"false discovery rate {min(rates):.2g}, {'alarm' if alarm else 'silent'} at {choice.level:g}: {result.reason}",
    )
