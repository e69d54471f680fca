"""What a report asks to act on, and in which order."""

from __future__ import annotations

import polars as pl

from strigil.cards.report.actions import actions, by_consequence
from strigil.cards.report.reported import Reported
from strigil.common.registry import UnitSpec
from strigil.releases.audit_record import AuditRecord, ExpectationRecord, RuleRecord
from strigil.releases.manifest import Counts

NOTHING = pl.LazyFrame()


def a_rule(name: str, rejected: int, *, alone: int = 0, harm: bool = False, caution: str = "") -> RuleRecord:
    return RuleRecord(
        rule=UnitSpec(name=name, version="1"),
        threshold=1.0,
        rejected=rejected,
        alone=alone,
        reasons={f"reason {number}": 4 - number for number in range(4)} if rejected else {},
        cautions=[caution] if caution else [],
        harm=harm,
    )


def an_expectation(name: str, severity: str, result: str) -> ExpectationRecord:
    return ExpectationRecord.model_validate(
        {
            "expectation": name,
            "table": "clean",
            "args": {},
            "severity": severity,
            "result": result,
            "detail": "found 3",
            "unexpected": None,
            "row_ids": [],
        }
    )


def about(audit: AuditRecord, *, truncated: int = 0) -> Reported:
    counts = Counts(raw=100, clean=90, removed=10, truncated=truncated)
    return Reported("some", counts, audit, NOTHING, NOTHING, NOTHING)


def test_rules_whose_rows_may_harm_come_first_then_those_that_took_most() -> None:
    rules = [
        a_rule("none", 0),
        a_rule("few", 2),
        a_rule("many", 9),
        a_rule("alone", 2, alone=2),
        a_rule("harm", 1, harm=True),
    ]
    audit = AuditRecord(suite="s", suite_digest="0", rules=rules)
    assert [rule.rule.name for rule in by_consequence(audit)] == ["harm", "many", "alone", "few"]


def test_the_gravest_is_said_first() -> None:
    audit = AuditRecord(
        suite="s",
        suite_digest="0",
        rules=[
            a_rule("some.rule", 3, caution="Uncalibrated."),
            a_rule("some.harm", 1, harm=True),
            a_rule("quiet", 0, harm=True),
        ],
        skipped={"a.rule": "the data has no column 'x'"},
        unfit={"a chat without an answer": 2},
        expectations=[
            an_expectation("met", "critical", "passed"),
            an_expectation("wished", "warning", "failed"),
            an_expectation("needed", "critical", "failed"),
            an_expectation("unseen", "warning", "error"),
        ],
    )
    found = actions(about(audit, truncated=1))
    assert [(action.tone, action.about, action.text) for action in found] == [
        ("bad", "needed", "is not met for the clean rows: found 3."),
        ("bad", "unseen", "could not be looked at: found 3."),
        ("warn", "wished", "is not met for the clean rows: found 3."),
        (
            "warn",
            "some.harm",
            "rejects 1 row that may harm: reason 0 (4), reason 1 (3), reason 2 (2) and 1 more. "
            "It is among the removed rows, and in this file.",
        ),
        ("warn", "some.rule", "is to be read with caution: Uncalibrated."),
        ("warn", "a.rule", "judged nothing: the data has no column 'x'."),
        ("warn", "2 rows", "left out before any rule saw them, since nobody can judge them: a chat without an answer."),
        ("", "1 row", "ends at the token limit, in the middle of what the model had to say."),
    ]


def test_nothing_to_act_on_is_nothing_said() -> None:
    assert actions(about(AuditRecord(suite="s", suite_digest="0", rules=[a_rule("some.rule", 3)]))) == []
