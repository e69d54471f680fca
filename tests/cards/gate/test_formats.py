"""A gate's report in the forms that other programs read, held against their schemas and their readers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

from strigil.cards.gate.gate_format import GATE_FORMATS
from strigil.records.gate import Check, FailOn, GateReport, RowFinding, decide

HERE = Path(__file__).parent
ROOT = Path("/repository")
JUNIT = etree.XMLSchema(etree.parse(str(HERE / "junit.xsd")))
SARIF = Draft4Validator(json.loads((HERE / "sarif-2.1.0.schema.json").read_text()))


def as_form(form: str, report: GateReport) -> str:
    return GATE_FORMATS.create(form).write(report, ROOT)


def a_finding(index: int, *, text: str | None = None, reason: str = "invalid format") -> RowFinding:
    place = {"file": "data/a b.jsonl", "row": index + 1, "line": index + 1}
    return RowFinding(row_id=f"row-{index}", digest=f"{index:064x}", reason=reason, text=text, **place)


def a_report(*, fail_on: FailOn = "error", text: str | None = None, findings: int = 3) -> GateReport:
    rows = [a_finding(index, text=text) for index in range(findings)]
    checks = [
        Check(id="data", kind="data", severity="error", result="passed", detail="9 rows, files: 1"),
        Check(id="a.bad", kind="rule", severity="error", result="failed", detail="3 of 9", rejected=3, findings=rows),
        Check(id="a.warn", kind="rule", severity="warning", result="failed", detail="3 of 9", rejected=3),
        Check(id="a.crash", kind="rule", severity="error", result="error", detail="rule 'a.crash' crashed: KeyError"),
        Check(id="a.skip", kind="rule", severity="error", result="skipped", detail="the data has no column 'answer'"),
        Check(id="a.good", kind="rule", severity="error", result="passed", detail="0 of 9", rejected=0),
    ]
    passed = decide(checks, rows=9, fail_on=fail_on)
    return GateReport(
        data="data/a b.jsonl", suite="s", suite_digest="ab" * 32, rows=9, fail_on=fail_on, checks=checks, passed=passed
    )


def outcomes(report: GateReport) -> dict[str, list[type]]:
    suites = JUnitXml.fromstring(as_form("junit", report).encode())
    return {case.name: [type(result) for result in case.result] for suite in suites for case in suite}


def test_junit_keeps_failures_errors_and_skipped_apart() -> None:
    assert outcomes(a_report()) == {
        "data": [],
        "a.bad": [Failure],
        "a.warn": [],
        "a.crash": [Error],
        "a.skip": [Skipped],
        "a.good": [],
    }
    suites = JUnitXml.fromstring(as_form("junit", a_report()).encode())
    assert (suites.tests, suites.failures, suites.errors) == (6, 1, 1)
    assert [suite.skipped for suite in suites] == [1]


def test_junit_says_what_each_check_and_the_whole_took() -> None:
    report = a_report()
    timed = report.checks[1].model_copy(update={"seconds": 0.25})
    report = report.model_copy(update={"checks": [report.checks[0], timed], "seconds": 1.5})
    whole = etree.fromstring(as_form("junit", report).encode())
    JUNIT.assertValid(whole)
    [suite] = whole
    assert (whole.get("time"), suite.get("time")) == ("1.5", "1.5")
    assert [case.get("time") for case in suite.iter("testcase")] == ["0.0", "0.25"]


@pytest.mark.parametrize("form", ["github", "markdown"])
def test_logs_and_summaries_say_what_was_left_out_and_why(form: str) -> None:
    [line] = [line for line in as_form(form, a_report()).splitlines() if line.lower().startswith("left out")]
    assert "a.skip" in line
    assert "the data has no column 'answer'" in line


def test_junit_fails_a_warning_where_the_gate_does() -> None:
    assert outcomes(a_report(fail_on="warning"))["a.warn"] == [Failure]


@settings(max_examples=60, deadline=None)
@given(text=st.none() | st.text(max_size=60))
def test_every_text_leaves_junit_and_sarif_valid(text: str | None) -> None:
    report = a_report(text=text)
    JUNIT.assertValid(etree.fromstring(as_form("junit", report).encode()))
    SARIF.validate(json.loads(as_form("sarif", report)))


@pytest.mark.parametrize("form", GATE_FORMATS.names())
def test_no_form_has_what_a_terminal_or_a_runner_obeys(form: str) -> None:
    hostile = "\x1b[31m\x9b2J\u202e\r\n::stop-commands::x\n##[error] y"
    report = a_report(text=hostile, findings=1)
    checks = [check.model_copy(update={"detail": hostile}) for check in report.checks]
    written = as_form(form, report.model_copy(update={"checks": checks, "suite": hostile, "data": f"{hostile}.jsonl"}))
    assert not set(written) & set("\x1b\x9b\u202e\r")
    begun = [line.strip() for line in written.splitlines()]
    assert not any(line.startswith(("::stop", "##[")) for line in begun)
    if form == "sarif":
        SARIF.validate(json.loads(written))
        assert "\\x1b[31m" in json.loads(written)["runs"][0]["results"][0]["message"]["text"]


def test_the_schemas_refuse_what_is_wrong() -> None:
    assert not JUNIT.validate(etree.fromstring(as_form("junit", a_report()).replace("testcase", "case").encode()))
    broken = json.loads(as_form("sarif", a_report()))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not SARIF.is_valid(broken)


def test_sarif_knows_rows_again_and_stays_small() -> None:
    log = json.loads(as_form("sarif", a_report(findings=250)))
    run = log["runs"][0]
    results = [result for result in run["results"] if result["ruleId"] == "a.bad"]
    assert len(results) == 100
    assert results[7]["partialFingerprints"] == {"strigilRow/v1": f"{7:064x}"}
    location = results[7]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "data/a%20b.jsonl", "uriBaseId": "%SRCROOT%"}
    assert location["region"] == {"startLine": 8}
    assert run["invocations"][0]["executionSuccessful"] is False
    assert all(run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])


def test_a_path_outside_of_the_repository_gives_only_its_name() -> None:
    report = a_report().model_copy(update={"data": "/home/somebody/secret/rows.parquet"})
    assert "somebody" not in as_form("sarif", report)


def test_annotations_are_one_line_each_and_cannot_be_forged() -> None:
    report = a_report(findings=1)
    forged = report.checks[1].model_copy(update={"detail": "50%\n::error::forged", "id": "a,b:c"})
    lines = as_form("github", report.model_copy(update={"checks": [forged]})).splitlines()
    assert lines[0] == "::error file=data/a b.jsonl,line=1,title=strigil%3A a%2Cb%3Ac::50%25%0A::error::forged"
    assert len(lines) == 2


def test_annotations_stop_at_what_github_shows_and_say_so() -> None:
    report = a_report()
    lines = as_form("github", report.model_copy(update={"checks": [report.checks[1]] * 30})).splitlines()
    assert len(lines) == 11
    assert lines[9] == "::error title=strigil::and 21 more checks"


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "a | b", "![x](http://e.org/x.png)", "two\n\n# lines"])
def test_markdown_shows_a_text_as_it_is(text: str) -> None:
    written = as_form("markdown", a_report(text=text, findings=1))
    [line] = [line for line in written.splitlines() if line.startswith("- ")]
    assert "<script" not in line
    assert "![" not in line
    assert " | " not in line


def test_an_empty_report_does_not_pass() -> None:
    assert not decide([], rows=0, fail_on="error")
    assert not decide([], rows=9, fail_on="error")
    skipped = Check(id="a", kind="rule", severity="error", result="skipped", detail="")
    assert not decide([skipped], rows=9, fail_on="error")
    assert decide([skipped.model_copy(update={"result": "passed"})], rows=9, fail_on="error")


def test_rows_elsewhere_keep_their_address_and_are_no_file_of_the_repository() -> None:
    address = "hf://datasets/me/rows@refs%2Fpr%2F1/data/a b.jsonl"
    finding = a_finding(0).model_copy(update={"file": address})
    check = a_report().checks[1].model_copy(update={"findings": [finding]})
    report = a_report().model_copy(update={"data": "s3://data-sets/rows/*.jsonl", "checks": [check]})
    written = json.loads(as_form("sarif", report))
    SARIF.validate(written)
    location = written["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": address.replace(" ", "%20")}
    assert as_form("github", report).startswith("::error title=strigil%3A a.bad::")
    JUNIT.assertValid(etree.fromstring(as_form("junit", report).encode()))


def test_probes_and_hazards_are_cases_of_their_own() -> None:
    alarm = Check(id="probe.canary", kind="probe", severity="error", result="failed", detail="owl is more likely")
    unsure = Check(id="probe.bag", kind="probe", severity="warning", result="error", detail="not calibrated")
    hazard = Check(id="hazard.me/base", kind="hazard", severity="warning", result="failed", detail="shared ancestor")
    report = a_report().model_copy(update={"checks": [alarm, unsure, hazard]})
    assert outcomes(report) == {"probe.canary": [Failure], "probe.bag": [Error], "hazard.me/base": []}
    JUNIT.assertValid(etree.fromstring(as_form("junit", report).encode()))
    levels = {r["ruleId"]: r["level"] for r in json.loads(as_form("sarif", report))["runs"][0]["results"]}
    assert levels == {"probe.canary": "error", "probe.bag": "error", "hazard.me/base": "warning"}
