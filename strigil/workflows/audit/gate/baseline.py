"""What a gate compares with: counts of an earlier run, kept in a file that can be committed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from strigil.audits.suite.expectations import Outcome
from strigil.audits.suite.suite import Suite
from strigil.audits.suite.tally import RuleCount
from strigil.common.canonical import digest
from strigil.common.errors import ConfigError
from strigil.common.validation import explain, read_text
from strigil.workflows.audit.gate.measure import Measured


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedRule(_Record):
    """A rule with its identity (name, version, arguments, threshold), what it rejected, and rows above scores."""

    identity: str
    rejected: int = Field(ge=0)
    above: dict[float, int] = {}


class Lock(_Record):
    """The counts of a gate's run."""

    format: Literal["strigil.gate-lock/1"] = "strigil.gate-lock/1"
    data: str
    suite: str
    rows: int = Field(gt=0)
    rules: dict[str, LockedRule]
    expectations: dict[str, Literal["passed", "failed", "error"]] = {}
    unexpected: dict[str, float] = Field(default={}, description="share of the lines that did not meet an expectation")


@dataclass(frozen=True)
class Baseline:
    """What a run is compared with.

    Attributes:
        lock: The counts of the earlier run.
        tolerance: By how much a share may have grown since: 0.01 is one row in a hundred.
    """

    lock: Lock
    tolerance: float = 0.0

    def misfit(self, suite: Suite, count: RuleCount) -> str | None:
        """Why a rule cannot be compared: it changed since, or was not asked for then; None if it can."""
        name = count.rule.rule.name
        then = self.lock.rules.get(name)
        if then is None:
            return "was not judged then"
        if then.identity != _identities(suite)[name]:
            return "had other arguments, another threshold or another version then"
        return None if count.above.keys() <= then.above.keys() else "was asked for other quantiles then"

    def misfits(self, suite: Suite, measured: Measured) -> dict[str, str]:
        """All that no longer fits, by the name of the rule or expectation."""
        found = {count.rule.rule.name: self.misfit(suite, count) for count in measured.rules}
        asked = {outcome_id(outcome) for outcome in measured.outcomes}
        found |= dict.fromkeys(sorted(asked - self.lock.expectations.keys()), "was not in the suite then")
        known = asked | {chosen.rule.name for chosen in suite.rules}
        gone = (self.lock.rules.keys() | self.lock.expectations.keys()) - known
        found |= dict.fromkeys(sorted(gone), "is no longer in the suite")
        return {name: why for name, why in found.items() if why is not None}

    def regressed(self, suite: Suite, count: RuleCount, *, rows: int) -> bool:
        """Whether a rule rejects a larger share of the rows than then, or more of them have a score that is too high.

        What does not fit has regressed: it cannot be told.
        """
        if self.misfit(suite, count) is not None:
            return True
        then, before = self.lock.rules[count.rule.rule.name], self.lock.rows
        pairs = [(count.rejected, then.rejected), *((above, then.above[score]) for score, above in count.above.items())]
        return any(now * before - was * rows > self.tolerance * rows * before for now, was in pairs)

    def failed_then(self, outcome: Outcome) -> bool:
        """Whether an expectation was not met then either, by no smaller share of the lines where it is about lines."""
        name = outcome_id(outcome)
        before, now = self.lock.unexpected.get(name), _unexpected(outcome)
        no_worse = before is None or now is None or now <= before + self.tolerance
        return self.lock.expectations.get(name) == "failed" and no_worse


def lock_of(data: str, suite: Suite, measured: Measured) -> Lock:
    """The lock of a run.

    Raises:
        ConfigError: There are no rows in it to compare with.
    """
    if not measured.rows:
        message = f"{data} cannot be a baseline: no rule could judge its rows"
        raise ConfigError(message)
    identities = _identities(suite)
    return Lock(
        data=data,
        suite=suite.name,
        rows=measured.rows,
        rules={
            count.rule.rule.name: LockedRule(
                identity=identities[count.rule.rule.name], rejected=count.rejected, above=count.above
            )
            for count in measured.rules
        },
        expectations={outcome_id(outcome): outcome.result for outcome in measured.outcomes},
        unexpected={
            outcome_id(outcome): share for outcome in measured.outcomes if (share := _unexpected(outcome)) is not None
        },
    )


def read_lock(path: Path) -> Lock:
    """Reads a lock.

    Raises:
        ConfigError: It cannot be read or is none.
    """
    try:
        return Lock.model_validate_json(read_text(path))
    except ValidationError as error:
        message = f"{path} is not a lock of strigil gate: {explain(error, Lock)}"
        raise ConfigError(message, hint="write one with --write-lock") from error


def outcome_id(outcome: Outcome) -> str:
    """A stable name for an expectation."""
    choice = outcome.choice
    column = choice.args.get("column")
    name = f"{choice.expectation}.{column}" if isinstance(column, str) else choice.expectation
    return name if choice.table == "clean" else f"{name}.{choice.table}"


def _unexpected(outcome: Outcome) -> float | None:
    return None if outcome.unexpected is None or not outcome.lines else outcome.unexpected / outcome.lines


def _identities(suite: Suite) -> dict[str, str]:
    return {
        chosen.rule.name: digest([chosen.rule.spec().model_dump(mode="json"), chosen.threshold])
        for chosen in suite.rules
    }
