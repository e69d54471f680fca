"""The gate: what passes, what does not, and what never may."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

import strigil
from strigil.audits.rules.rule import RULES, Rule
from strigil.cli.main import run
from strigil.records.gate import GateReport
from strigil.workflows.audit.gate.run import GateOptions, gate
from tests.hub.releases import a_release
from tests.workflows.gates import BAD, GOOD, a_suite, checks, gated, jsonl


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


def test_texts_of_rows_are_in_a_report_only_when_asked_for(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "bad.jsonl", BAD)
    assert "owls" not in gated(data).model_dump_json()
    assert "I love owls" in gated(data, options=GateOptions(show_text=True)).model_dump_json()


def test_a_row_id_that_is_a_text_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"row_id": "I love owls", "completion": "no"}) + "\n")
    assert "owls" not in gated(str(path)).model_dump_json()


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


def test_people_and_programs_are_told_what_was_left_out_what_was_removed_and_how_long_it_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = jsonl(tmp_path / "rows.jsonl", BAD), tmp_path / "gate.json"
    assert run(["gate", data, "--suite", "numbers-paper", "--report", f"json={out}"]) == 1
    assert "left out: row.truncated, the data has no column 'finish_reason'" in capsys.readouterr().err
    report = GateReport.model_validate_json(out.read_text())
    assert (report.rows, report.removed) == (4, 1)
    assert report.seconds is not None
    took = checks(report)["numbers.paper"].seconds
    assert took is not None
    assert 0 < took < report.seconds
    assert checks(report)["row.truncated"].seconds is None


def test_one_run_writes_every_report(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "bad.jsonl", BAD)
    forms = ("json", "junit", "sarif", "github", "markdown")
    wanted = [part for form in forms for part in ("--report", f"{form}={tmp_path / 'out' / form}")]
    assert run(["gate", data, "--suite", "numbers-paper", "--format", "quiet", *wanted]) == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(forms)
    report = GateReport.model_validate_json((tmp_path / "out" / "json").read_text())
    assert not report.passed


@pytest.mark.parametrize("option", ["--report json={}", "--write-lock {}"])
@pytest.mark.parametrize("there", ["-", "device", "pipe", "link", "descriptor"])
def test_what_is_no_file_is_written_into_and_not_replaced(
    there: str, option: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, place, real = jsonl(tmp_path / "good.jsonl", GOOD), tmp_path / there, tmp_path / "real"
    real.write_text("before")
    with ThreadPoolExecutor(1) as pool, real.open("r+") as opened:
        match there:
            case "device":
                place = Path("/dev/null")
            case "pipe":
                os.mkfifo(place)
            case "link":
                place.symlink_to(real)
            case "descriptor":
                place = Path(f"/dev/fd/{opened.fileno()}")
        reading = pool.submit(place.read_text) if there == "pipe" else None
        command = option.format("-" if there == "-" else place).split()
        assert run(["gate", data, "--suite", "numbers-paper", "--format", "json", *command]) == 0
        said = capfd.readouterr().out
        written = real.read_text() if reading is None else reading.result(10)
        got = {"-": said, "device": None}.get(there, written)
    assert got is None or '"strigil.gate' in got
    assert said.count('"strigil.gate') == 1 + (there == "-")
    kinds = {"device": place.is_char_device(), "pipe": place.is_fifo(), "link": place.is_symlink()}
    assert kinds.get(there, not (tmp_path / "-").exists())


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


def test_from_python(tmp_path: Path) -> None:
    report = strigil.gate(jsonl(tmp_path / "bad.jsonl", BAD), suite="numbers-paper")
    assert not report.passed
    assert [check.id for check in report.stopping()] == ["numbers.paper"]
