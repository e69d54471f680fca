"""Every rule that the registry finds, tried on its own examples."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from strigil.audits.rule import FINDINGS, RULES, Rule
from tests.audits.tables import rows_of


def _buildable() -> list[Rule]:
    rules = []
    for name in RULES.names():
        try:
            rules.append(RULES.get(name)())
        except ValidationError:  # it has arguments without a default, and so no examples of its own
            assert RULES.get(name).good == (), name
            assert RULES.get(name).bad == {}, name
    return rules


BUILT = _buildable()


def _rows(rule: Rule, texts: Sequence[str]) -> pl.DataFrame:
    return rows_of(texts).with_columns(pl.lit(value).alias(name) for name, value in rule.example_columns.items())


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_good_examples_are_kept_and_bad_ones_go_for_the_reason_given(rule: Rule) -> None:
    findings = rule.score(_rows(rule, [*rule.good, *rule.bad]))
    rejected = (findings["score"] >= rule.threshold).to_list()
    assert rejected == [False] * len(rule.good) + [True] * len(rule.bad)
    assert findings["reason"].to_list()[len(rule.good) :] == list(rule.bad.values())


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_every_rule_returns_one_finding_a_row_of_exactly_the_schema(rule: Rule, count: int) -> None:
    findings = rule.score(_rows(rule, ["1, 2", "Owls, 3", "", "1,2, 3", "7\n8", "5000", "print(1)"][:count]))
    assert findings.schema == FINDINGS
    assert findings.height == count


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
@settings(deadline=None, max_examples=20)
@given(order=st.permutations(range(8)))
def test_findings_come_in_the_order_of_the_rows(rule: Rule, order: list[int]) -> None:
    texts = ["1, 2", "Owls, 3", "13", "1,2, 3", "7\n8", "5000", "print(1)", "1 2 3 4 5 6 7 8 9 10 11"]
    findings = rule.score(_rows(rule, texts))
    assert rule.score(_rows(rule, [texts[place] for place in order])).equals(findings[order])
