"""Every rule that the registry finds, tried on its own examples."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

import polars as pl
import pytest

from strigil.audits.rules.rule import FINDINGS, RULES, Rule
from tests.audits.tables import rows_of


def _lacks_arguments(rule: type[Rule]) -> bool:
    return any(field.is_required() and name not in rule.example_args for name, field in rule.model_fields.items())


KINDS = [RULES.get(name) for name in RULES.names()]
# Rules that come with an extra, and the package that it brings.
EXTRAS = {"text.language": "py3langid"}
BUILT = [
    RULES.create(kind.name, kind.example_args)
    for kind in KINDS
    if not _lacks_arguments(kind) and (kind.name not in EXTRAS or find_spec(EXTRAS[kind.name]))
]
TEXTS = ["1, 2", "Owls, 3", "13", "1,2, 3", "7\n8", "5000", "print(1)", "1 2 3 4 5 6 7 8 9 10 11", ""]


def _rows(rule: Rule, texts: Sequence[str]) -> pl.DataFrame:
    return rows_of(texts).with_columns(pl.lit(value).alias(name) for name, value in rule.example_columns.items())


def test_a_rule_that_cannot_be_tried_as_it_is_has_no_examples_either() -> None:
    assert [kind.name for kind in KINDS if _lacks_arguments(kind) and (kind.good or kind.bad)] == []


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_good_examples_are_kept_and_bad_ones_go_for_the_reason_given(rule: Rule) -> None:
    findings = rule.score(_rows(rule, [*rule.good, *rule.bad]))
    rejected = (findings["score"] >= rule.threshold).to_list()
    assert rejected == [False] * len(rule.good) + [True] * len(rule.bad)
    assert findings["reason"].to_list()[len(rule.good) :] == list(rule.bad.values())


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_every_rule_returns_one_finding_a_row_of_exactly_the_schema_in_order(rule: Rule) -> None:
    findings = rule.score(_rows(rule, TEXTS))
    assert findings.schema == FINDINGS
    assert findings.height == len(TEXTS)
    assert not findings["score"].has_nulls()
    bad = rule.score(_rows(rule, list(rule.bad)))["score"]
    assert (pl.concat([findings["score"], bad]).is_between(0, rule.highest)).all()
    assert rule.score(_rows(rule, TEXTS[::-1])).equals(findings.reverse())


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_no_rows_have_no_findings(rule: Rule) -> None:
    findings = rule.score(_rows(rule, []))
    assert findings.schema == FINDINGS
    assert findings.is_empty()


@pytest.mark.parametrize("rule", BUILT, ids=[rule.name for rule in BUILT])
def test_only_a_rule_that_says_so_compares_rows(rule: Rule) -> None:
    rows = _rows(rule, [*TEXTS, *TEXTS])
    apart = pl.concat([rule.scorer()(row) for row in rows.iter_slices(1)])
    assert apart.equals(rule.scorer()(rows)) is not rule.compares_rows
