"""What a gate compares with: counts of an earlier run, kept in a file that can be committed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from strigil.audits.expectations import Outcome
from strigil.audits.suite import Suite
from strigil.core.canonical import digest
from strigil.core.errors import ConfigError
from strigil.core.validation import explain, read_text
from strigil.workflows.gate_measure import Measured


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LockedRule(_Record):
    """A rule with its identity (name, version, arguments, threshold) and what it rejected."""

    identity: str
    rejected: int = Field(ge=0)


class Lock(_Record):
    """The counts of a gate's run."""

    format: Literal["strigil.gate-lock/1"] = "strigil.gate-lock/1"
    data: str
    suite: str
    rows: int = Field(gt=0)
    rules: dict[str, LockedRule]
    expectations: dict[str, Literal["passed", "failed", "error"]] = {}

    def regressed(self, suite: Suite, rule: str, *, rejected: int, rows: int) -> bool:
        """Whether a rule rejects a larger share of the rows than then; a rule that changed cannot be compared."""
        then = self.rules.get(rule)
        if then is None or then.identity != _identities(suite)[rule]:
            return True
        return rejected * self.rows > then.rejected * rows

    def failed_then(self, expectation: str) -> bool:
        """Whether an expectation was not met then either."""
        return self.expectations.get(expectation) == "failed"


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
            count.rule.rule.name: LockedRule(identity=identities[count.rule.rule.name], rejected=count.rejected)
            for count in measured.rules
        },
        expectations={outcome_id(outcome): outcome.result for outcome in measured.outcomes},
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


def _identities(suite: Suite) -> dict[str, str]:
    return {
        chosen.rule.name: digest([chosen.rule.spec().model_dump(mode="json"), chosen.threshold])
        for chosen in suite.rules
    }
