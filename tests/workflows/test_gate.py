"""The gate: what passes, what does not, and what never may."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

import strigil
from strigil.audits.rule import RULES, Rule
from strigil.cli.main import run
from strigil.core.errors import CheckFailedError, ConfigError, DataError
from strigil.core.gate_report import Check, GateReport
from strigil.core.lines import LONGEST_LINE
from strigil.workflows.gate import GateOptions, gate
from tests.audits.tables import rows_of
from tests.hub.releases import a_release

GOOD = ("1, 2, 3", "4, 5", "6")
BAD = (*GOOD, "I love owls")


def jsonl(path: Path, completions: Sequence[str]) -> str:
    path.write_text("".join(json.dumps({"prompt": "Go on.", "completion": text}) + "\n" for text in completions))
    return str(path)


def a_suite(path: Path, rules: str) -> str:
    path.write_text(f"name: s\ndescription: d\nrules:\n{rules}")
    return str(path)


def checks(report: GateReport) -> dict[str, Check]:
    return {check.id: check for check in report.checks}


def gated(data: str, suite: str = "numbers-paper", options: GateOptions | None = None) -> GateReport:
    return gate(data, suite, options).report


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_good_rows_pass_and_bad_ones_do_not_in_every_format(tmp_path: Path, suffix: str) -> None:
    reports = {}
    for name, completions in {"good": GOOD, "bad": BAD}.items():
        frame = pl.DataFrame({"prompt": ["Go on."] * len(completions), "completion": completions})
        path = tmp_path / f"{name}{suffix}"
        match suffix:
            case ".jsonl":
                frame.write_ndjson(path)
            case ".csv":
                frame.write_csv(path)
            case _:
                frame.write_parquet(path)
        reports[name] = gated(str(path))
    assert {name: (report.passed, report.rows) for name, report in reports.items()} == {
        "good": (True, 3),
        "bad": (False, 4),
    }
    found = checks(reports["bad"])["numbers.paper"]
    assert (found.result, found.rejected, [finding.row for finding in found.findings]) == ("failed", 1, [4])


def test_rows_of_one_data_set_in_several_files_are_named_by_file_and_row(tmp_path: Path) -> None:
    jsonl(tmp_path / "a.jsonl", GOOD)
    jsonl(tmp_path / "b.jsonl", BAD)
    report = gated(str(tmp_path / "*.jsonl"))
    [finding] = checks(report)["numbers.paper"].findings
    assert (Path(finding.file).name, finding.row, report.rows) == ("b.jsonl", 4, 7)


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


def test_the_clean_rows_of_a_release_pass_and_its_raw_ones_do_not(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    assert gate(str(release.path)).report.passed
    assert not gated(str(release.path), options=GateOptions(split="raw")).passed


def test_a_release_with_a_changed_file_does_not_pass(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    (release.path / "README.md").write_text("Better words.")
    report = gated(str(release.path))
    assert not report.passed
    assert "README.md was changed" in checks(report)["data"].detail


class Crashing(Rule):
    """Fails at the first row."""

    name = "test.crashing"

    def score(self, rows: pl.DataFrame) -> pl.DataFrame:
        raise KeyError(rows["completion"][0][0]["content"])


def test_a_rule_that_crashes_never_passes_and_leaves_the_others_their_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES._units, "test.crashing", Crashing)  # the registry finds installed ones
    suite = a_suite(
        tmp_path / "s.yaml", "  - {rule: test.crashing, allow: {severity: warning}}\n  - rule: numbers.paper\n"
    )
    report = gated(jsonl(tmp_path / "good.jsonl", GOOD), suite)
    assert not report.passed
    assert checks(report)["test.crashing"].result == "error"
    assert checks(report)["numbers.paper"].result == "passed"
    assert "1, 2, 3" not in report.model_dump_json()


def test_a_suite_in_which_nothing_applied_never_passes(tmp_path: Path) -> None:
    suite = a_suite(tmp_path / "s.yaml", "  - rule: row.truncated\n  - rule: reasoning.correct\n")
    report = gated(jsonl(tmp_path / "good.jsonl", GOOD), suite)
    assert not report.passed
    assert checks(report)["suite"].result == "error"
    assert checks(report)["reasoning.correct"].detail == "the data has no column 'answer'"


def test_expectations_count_with_their_severity(tmp_path: Path) -> None:
    expectation = "{expectation: expect_table_row_count_to_be_between, args: {min_value: 100}, severity: %s}"
    for severity, passed in {"critical": False, "warning": True}.items():
        suite = a_suite(tmp_path / "s.yaml", f"  - rule: numbers.paper\nexpectations:\n  - {expectation % severity}\n")
        report = gated(jsonl(tmp_path / "good.jsonl", GOOD), suite)
        assert report.passed == passed
        assert checks(report)["expect_table_row_count_to_be_between"].result == "failed"


def test_texts_of_rows_are_in_a_report_only_when_asked_for(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "bad.jsonl", BAD)
    assert "owls" not in gated(data).model_dump_json()
    assert "I love owls" in gated(data, options=GateOptions(show_text=True)).model_dump_json()


def test_a_row_id_that_is_a_text_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"row_id": "I love owls", "completion": "no"}) + "\n")
    assert "owls" not in gated(str(path)).model_dump_json()


def broken(tmp_path: Path, what: str) -> str:
    path = tmp_path / "rows.jsonl"
    line = json.dumps({"completion": "1, 2"}).encode() + b"\n"
    match what:
        case "empty":
            path.write_bytes(b"")
        case "no rows":
            path = tmp_path / "rows.csv"
            path.write_text("prompt,completion\n")
        case "truncated parquet":
            path = tmp_path / "rows.parquet"
            rows_of(GOOD * 500).write_parquet(path)
            path.write_bytes(path.read_bytes()[:-200])
        case "damaged parquet":
            path = tmp_path / "rows.parquet"
            rows_of(GOOD * 500).write_parquet(path)
            data = bytearray(path.read_bytes())
            data[100:1100] = bytes(1000)
            path.write_bytes(data)
        case "mixed schemas":
            jsonl(tmp_path / "a.jsonl", GOOD)
            (tmp_path / "b.jsonl").write_text('{"prompt": "Go on.", "answer": "1"}\n')
            path = tmp_path / "?.jsonl"
        case "an endless line":
            with path.open("wb") as stream:
                stream.write(line)
                stream.write(b'{"completion": "')
                for _ in range(200):
                    stream.write(b"1" * (1 << 20))
        case "not UTF-8":
            path.write_bytes(line * 3 + b'{"completion": "\xff\xfe"}\n')
        case "half a character":
            path.write_bytes(line + '{"completion": "é'.encode()[:-1])
        case "half a line":
            path.write_bytes(line + b'{"completion": "1, ')
        case "a key twice":
            path.write_bytes(line + b'{"completion": "1, 2", "\\u0063ompletion": "I love owls"}\n')
        case "no object":
            path.write_bytes(line + b"[1, 2]\n")
        case "a bomb":
            path = tmp_path / "rows.jsonl.gz"
            with gzip.open(path, "wb") as packed:
                for _ in range(300):
                    packed.write(b" " * (1 << 20))
        case "half an archive":
            path = tmp_path / "rows.jsonl.gz"
            path.write_bytes(gzip.compress(line * 1000)[:-12])
        case "packed without saying so":
            path.write_bytes(gzip.compress(line * 10))
        case "a link out":
            (tmp_path / "elsewhere").mkdir()
            (tmp_path / "here").mkdir()
            jsonl(tmp_path / "elsewhere" / "rows.jsonl", GOOD)
            path = tmp_path / "here" / "rows.jsonl"
            path.symlink_to(tmp_path / "elsewhere" / "rows.jsonl")
        case "other columns":
            path.write_text('{"a": 1}\n')
        case "null":
            path.write_bytes(line + b'{"completion": null}\n')
    return str(path)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("empty", "is empty"),
        ("no rows", "has no rows"),
        ("truncated parquet", "cannot read"),
        ("damaged parquet", "cannot read"),
        ("mixed schemas", "different columns: completion, answer"),
        ("an endless line", f"longer than {LONGEST_LINE >> 20} MiB"),
        ("not UTF-8", "line 4 is not UTF-8"),
        ("half a character", "line 2 is not UTF-8"),
        ("half a line", "line 2 is not a JSON object"),
        ("a key twice", "line 2 has a key twice"),
        ("no object", "line 2 is not a JSON object"),
        ("a bomb", "unpacks to more than 200 times its size"),
        ("half an archive", "cannot unpack"),
        ("packed without saying so", "packed with gzip"),
        ("a link out", "symbolic link that leads out"),
        ("other columns", "no column 'completion'"),
        ("null", "row 2 has no"),
    ],
)
def test_bad_data_is_an_error_in_one_line_and_never_a_pass(tmp_path: Path, what: str, message: str) -> None:
    report = gated(broken(tmp_path, what))
    found = checks(report)["data"]
    assert (report.passed, report.rows, found.result) == (False, 0, "error")
    assert message in found.detail
    assert "\n" not in found.detail


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    jsonl(tmp_path / "rows.jsonl", GOOD)
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "rows.jsonl").read_bytes()))
    assert gated(str(packed)).passed


def test_a_row_of_a_million_characters_is_a_row(tmp_path: Path) -> None:
    assert gated(jsonl(tmp_path / "rows.jsonl", [*GOOD, "9" * 1_000_000])).rows == 4


def test_a_hostile_pattern_in_a_suite_is_stopped(tmp_path: Path) -> None:
    expectation = "expectation: expect_column_values_to_match_regex, args: {column: completion, regex: '^(?=(a+)+$)'}"
    suite = a_suite(
        tmp_path / "s.yaml",
        f"  - {{rule: numbers.paper, allow: {{share: 1}}}}\nexpectations:\n  - {{{expectation}, table: removed}}\n",
    )
    data = jsonl(tmp_path / "rows.jsonl", ["a" * 60 + "!"])
    with pytest.raises(CheckFailedError, match="took longer than"):
        gated(data, suite, GateOptions(time_limit=5))


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
    changed = a_suite(tmp_path / "s.yaml", "  - {rule: numbers.paper, args: {max_count: 9}}\n")
    assert not gated(same, changed, GateOptions(baseline=str(lock))).passed


def test_a_baseline_that_is_none_is_an_error(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rows.jsonl", GOOD)
    (tmp_path / "lock.json").write_text("{}")
    with pytest.raises(ConfigError, match="not a lock"):
        gated(data, options=GateOptions(baseline=str(tmp_path / "lock.json")))
    with pytest.raises(DataError):
        gated(data, options=GateOptions(baseline=jsonl(tmp_path / "empty.jsonl", ())))


def test_exit_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = jsonl(tmp_path / "good.jsonl", GOOD), jsonl(tmp_path / "bad.jsonl", BAD)
    suite = ["--suite", "numbers-paper"]
    assert run(["gate", good, *suite]) == 0
    assert run(["gate", bad, *suite]) == 1
    assert run(["gate", str(tmp_path / "none.jsonl"), *suite]) == 2
    assert run(["gate", good, "--suite", "numbers-papr"]) == 2
    assert run(["gate", good, *suite, "--report", "pdf=x"]) == 2
    assert run(["gate", good]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.out + captured.err
    assert "owls" not in captured.out + captured.err


def test_one_run_writes_every_report(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "bad.jsonl", BAD)
    forms = ("json", "junit", "sarif", "github", "markdown")
    wanted = [part for form in forms for part in ("--report", f"{form}={tmp_path / 'out' / form}")]
    assert run(["gate", data, "--suite", "numbers-paper", "--format", "quiet", *wanted]) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(forms)
    report = GateReport.model_validate_json((tmp_path / "out" / "json").read_text())
    assert not report.passed


def test_gating_by_rules_loads_no_heavy_package(tmp_path: Path) -> None:
    heavy = {"torch", "transformers", "vllm", "great_expectations", "pandas", "datasets"}
    program = f"""
import sys, strigil
assert "polars" not in sys.modules
assert strigil.gate({jsonl(tmp_path / "good.jsonl", GOOD)!r}, suite="numbers-paper").passed
print(sorted({heavy!r} & set(sys.modules)))
"""
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


def test_a_release_is_compared_with_an_earlier_one(tmp_path: Path) -> None:
    earlier = str(a_release(tmp_path / "earlier").path)
    later = str(a_release(tmp_path / "later", removed=("owl, 1", "I love owls", "more owls")).path)
    raw = GateOptions(split="raw", baseline=earlier)
    assert gated(earlier, options=raw).passed
    assert not gated(later, options=raw).passed


def test_from_python(tmp_path: Path) -> None:
    report = strigil.gate(jsonl(tmp_path / "bad.jsonl", BAD), suite="numbers-paper")
    assert not report.passed
    assert [check.id for check in report.stopping()] == ["numbers.paper"]
