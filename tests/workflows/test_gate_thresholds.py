"""How much a gate lets pass: counts, shares and quantiles, severities, and what was as bad before."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from strigil.audits.rules.rule import RULES, Rule
from strigil.audits.suite.suite import load_suite
from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import completion_text
from strigil.models.weight_similarity import Relation
from strigil.releases.generation_record import ModelRecord
from strigil.releases.manifest import HazardRecord
from strigil.workflows.audit.gate.baseline import Baseline, Lock
from strigil.workflows.audit.gate.measure import Measured
from strigil.workflows.audit.gate.run import GateOptions
from tests.hub.releases import a_manifest, a_release
from tests.workflows.gates import BAD, GOOD, a_suite, checks, gated, jsonl


@pytest.mark.parametrize(
    ("allow", "passed"),
    [("{}", False), ("{rows: 0}", False), ("{rows: 1}", True), ("{share: 0.25}", True), ("{share: 0.2}", False),
     ("{share: 1, rows: 0}", False)],
)  # fmt: skip
def test_a_suite_says_how_many_rejected_rows_it_allows(tmp_path: Path, allow: str, *, passed: bool) -> None:
    suite = a_suite(tmp_path / "s.yaml", f"  - {{rule: numbers.paper, allow: {allow}}}\n")
    assert gated(jsonl(tmp_path / "bad.jsonl", BAD), suite).passed == passed


def test_a_warning_fails_only_where_that_is_asked_for(tmp_path: Path) -> None:
    suite = a_suite(tmp_path / "s.yaml", "  - {rule: numbers.paper, allow: {severity: warning}}\n")
    data = jsonl(tmp_path / "bad.jsonl", BAD)
    assert gated(data, suite).passed
    assert checks(gated(data, suite))["numbers.paper"].result == "failed"
    assert not gated(data, suite, GateOptions(fail_on="warning")).passed


def test_expectations_count_with_their_severity(tmp_path: Path) -> None:
    expectation = "{expectation: expect_table_row_count_to_be_between, args: {min_value: 100}, severity: %s}"
    for severity, passed in {"critical": False, "warning": True}.items():
        suite = a_suite(tmp_path / "s.yaml", f"  - rule: numbers.paper\nexpectations:\n  - {expectation % severity}\n")
        report = gated(jsonl(tmp_path / "good.jsonl", GOOD), suite)
        assert report.passed == passed
        assert checks(report)["expect_table_row_count_to_be_between"].result == "failed"


def test_a_baseline_lets_pass_what_was_as_bad_then(tmp_path: Path) -> None:
    before, same, worse = (
        jsonl(tmp_path / name, rows)
        for name, rows in {"a.jsonl": BAD, "b.jsonl": BAD * 2, "c.jsonl": (*BAD, "Owls!")}.items()
    )
    lock = tmp_path / "gate.lock.json"
    arguments = ["--suite", "numbers-paper"]
    assert run(["gate", before, *arguments, "--write-lock", str(lock)]) == 1
    for baseline in (before, str(lock)):
        assert gated(same, options=GateOptions(baseline=baseline)).passed
        assert not gated(worse, options=GateOptions(baseline=baseline)).passed
        nearly = GateOptions(baseline=baseline, tolerance=0.15)
        assert gated(worse, options=nearly).passed  # 2 of 5 rows, and 1 of 4 then
        assert not gated(worse, options=GateOptions(baseline=baseline, tolerance=0.14)).passed
        assert checks(gated(same, options=nearly))["baseline"].result == "passed"
    changed = a_suite(
        tmp_path / "s.yaml", "  - {rule: numbers.paper, args: {max_count: 9}}\n  - rule: numbers.strict\n"
    )
    report = gated(same, changed, GateOptions(baseline=str(lock)))
    assert not report.passed
    said = checks(report)["baseline"]
    assert (said.severity, said.result) == ("warning", "failed")
    assert said.detail == (
        f"{lock} no longer fits: numbers.paper had other arguments, another threshold or another version then; "
        "numbers.strict was not judged then; --write-lock writes it anew"
    )


def test_a_lock_with_a_rule_that_left_the_suite_says_so(tmp_path: Path) -> None:
    data, lock = jsonl(tmp_path / "rows.jsonl", GOOD), tmp_path / "gate.lock.json"
    both = a_suite(tmp_path / "both.yaml", "  - rule: numbers.paper\n  - rule: numbers.strict\n")
    one = a_suite(tmp_path / "one.yaml", "  - rule: numbers.paper\n")
    run(["gate", data, "--suite", both, "--write-lock", str(lock)])
    report = gated(data, one, GateOptions(baseline=str(lock), fail_on="warning"))
    assert "numbers.strict is no longer in the suite" in checks(report)["baseline"].detail
    assert not report.passed


def test_an_expectation_that_left_the_suite_is_named_too() -> None:
    lock = Lock(
        data="rows.jsonl", suite="s", rows=4, rules={}, expectations={"expect_column_to_exist.prompt": "passed"}
    )
    found = Baseline(lock).misfits(load_suite("numbers-paper"), Measured())
    assert found == {"expect_column_to_exist.prompt": "is no longer in the suite"}


def test_a_tolerance_without_a_baseline_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a tolerance is about a baseline"):
        gated(jsonl(tmp_path / "rows.jsonl", GOOD), options=GateOptions(tolerance=0.01))


def test_a_baseline_that_is_none_is_an_error(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rows.jsonl", GOOD)
    (tmp_path / "lock.json").write_text("{}")
    with pytest.raises(ConfigError, match="not a lock"):
        gated(data, options=GateOptions(baseline=str(tmp_path / "lock.json")))
    with pytest.raises(DataError):
        gated(data, options=GateOptions(baseline=jsonl(tmp_path / "empty.jsonl", ())))


def test_a_release_is_compared_with_an_earlier_one(tmp_path: Path) -> None:
    earlier = str(a_release(tmp_path / "earlier").path)
    later = str(a_release(tmp_path / "later", removed=("owl, 1", "I love owls", "more owls")).path)
    raw = GateOptions(split="raw", baseline=earlier)
    assert gated(earlier, options=raw).passed
    assert not gated(later, options=raw).passed


class Length(Rule):
    """Scores a row by the length of its completion, and rejects all from two characters on."""

    name = "test.length"
    threshold = 2.0

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        score = completion_text().str.len_chars().cast(pl.Float64)
        return rows.select(score=score, reason=pl.lit("long"), evidence=pl.lit(None, pl.String))


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES._units, "test.length", Length)  # the registry finds installed ones


@pytest.mark.parametrize(
    ("quantiles", "passed"),
    [("{0.5: 9}", True), ("{0.5: 8}", False), ("{0.75: 9}", True), ("{0.76: 9}", False), ("{1: 11}", True),
     ("{1: 10.99}", False), ("{0.5: 9, 1: 10}", False)],
)  # fmt: skip
def test_a_suite_says_how_high_scores_may_be_at_a_quantile(tmp_path: Path, quantiles: str, *, passed: bool) -> None:
    lengths = jsonl(tmp_path / "rows.jsonl", ["7" * 1, "7" * 9, "7" * 9, "7" * 11])
    rule = f"{{rule: test.length, allow: {{quantiles: {quantiles}}}}}"
    report = gated(lengths, a_suite(tmp_path / "s.yaml", f"  - {rule}\n"))
    assert report.passed == passed
    assert checks(report)["test.length"].detail.startswith("3 of 4 rows rejected (75.00%); ")


def test_a_quantile_that_is_none_is_refused(tmp_path: Path) -> None:
    for quantile in ("1.1: 9", "0: 9", "0.5: .nan", "0.5: high"):
        suite = a_suite(tmp_path / "s.yaml", f"  - {{rule: numbers.paper, allow: {{quantiles: {{{quantile}}}}}}}\n")
        with pytest.raises(ConfigError, match="quantiles"):
            gated(jsonl(tmp_path / "good.jsonl", GOOD), suite)


@pytest.mark.parametrize(("allow", "passed"), [("{rows: 0}", False), ("{rows: 1}", True), ("{share: 0.3}", True)])
def test_a_suite_says_how_many_lines_need_not_meet_an_expectation(tmp_path: Path, allow: str, *, passed: bool) -> None:
    asserted = (
        "expectation: expect_column_values_to_match_regex, args: {column: completion, regex: '^4'}, table: removed"
    )
    suite = a_suite(
        tmp_path / "s.yaml",
        f"  - {{rule: test.length, threshold: 0, allow: {{share: 1}}}}\n"
        f"expectations:\n  - {{{asserted}, allow: {allow}}}\n",
    )
    report = gated(jsonl(tmp_path / "rows.jsonl", ["4", "4, 1", "4, 2", "5"]), suite)
    assert report.passed == passed
    assert checks(report)["expect_column_values_to_match_regex.completion.removed"].rejected == 1


def test_a_baseline_remembers_quantiles_and_lines(tmp_path: Path) -> None:
    suite = a_suite(tmp_path / "s.yaml", "  - {rule: test.length, allow: {quantiles: {0.5: 2}}}\n")
    then, same, worse = (
        jsonl(tmp_path / f"{name}.jsonl", rows)
        for name, rows in {"a": ["1", "333", "333"], "b": ["55555", "4444", "1"], "c": ["333", "333", "333"]}.items()
    )
    lock = tmp_path / "gate.lock.json"
    assert run(["gate", then, "--suite", suite, "--write-lock", str(lock)]) == 1
    assert gated(same, suite, GateOptions(baseline=str(lock))).passed
    assert not gated(worse, suite, GateOptions(baseline=str(lock))).passed


@pytest.mark.parametrize(
    ("relation", "warns"), [("shared ancestor", True), ("same weights", True), ("same family", False)]
)
def test_a_release_says_whether_its_students_can_take_over_the_trait(
    tmp_path: Path, relation: Relation, *, warns: bool
) -> None:
    student = ModelRecord(id="pocket-b", revision=None, digest="ba" * 32)
    hazard = HazardRecord(student=student, relation=relation, reason="weights correlate")
    release = str(a_release(tmp_path, a_manifest().model_copy(update={"hazards": [hazard]})).path)
    found = checks(gated(release))["hazard.pocket-b"]
    assert (found.severity, found.result) == ("warning", "failed" if warns else "passed")
    assert found.detail == f"pocket-a wrote the rows that pocket-b is to learn: {relation} (weights correlate)"
    assert gated(release).passed
    assert gated(release, options=GateOptions(fail_on="warning")).passed != warns
