"""Rows that nobody can judge: refused with the file, or left out of an audit that says so, counted by what is wrong."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

import strigil
from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError
from strigil.data.layouts.layout import Reading
from strigil.data.rows import completion_text
from strigil.eval.evaluation import DataChoice
from strigil.releases.store import open_release
from strigil.sources.open_rows import open_rows
from strigil.workflows.evaluate.held_out import held_out
from tests.data.owls import SUITE, lines

ASKED = {"role": "user", "content": "Go on."}
SAID = [{"role": "assistant", "content": text} for text in ("Rain.", "An owl.")]
LONG = "x" * 5_000
ROWS: list[dict[str, object]] = [
    {"messages": [ASKED, SAID[0]], "images": []},
    {"messages": [ASKED], "images": []},
    {"messages": [ASKED, SAID[1]], "images": []},
    {"messages": [ASKED, SAID[0]], "images": ["1.jpg"]},
    {"messages": [ASKED, {**SAID[0], "role": LONG}], "images": []},
    {"messages": [ASKED], "images": []},
]
NO_ANSWER = "the conversation in 'messages' ends with a turn of user, so that there is no answer"
WRONG = {
    NO_ANSWER: 2,
    "the column 'images' holds what no rule can judge": 1,
    f"the conversation in 'messages' has a turn of {LONG[:40]}, which is no role known here": 1,
}


def test_they_are_left_out_of_an_audit_that_says_so_and_counted(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "rows.jsonl", ROWS)
    out = ["--out", str(tmp_path / "out"), "--write", str(tmp_path / "clean.json")]
    assert run(["audit", data, "--suite", suite, "--unfit", "drop", *out]) == 0
    printed = capsys.readouterr()
    assert "4 rows that nobody can judge are left out" in " ".join(printed.err.split())
    assert "Left out before, since nobody can judge them" in printed.out
    release = open_release(tmp_path / "out" / "rows")
    assert (release.manifest.counts.raw, release.manifest.counts.clean) == (2, 1)
    assert release.manifest.audit.unfit == WRONG
    for paper in ("README.md", "audit/report.html"):
        said = html.unescape((release.path / paper).read_text())
        assert all(what in said for what in WRONG), paper
    assert json.loads((tmp_path / "clean.json").read_text()) == ROWS[:1]
    found = strigil.audit(data, suite, unfit="drop")
    assert (found.counts.raw, found.record.unfit) == (2, WRONG)


def test_a_row_keeps_its_id_where_others_before_it_are_left_out(tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", ROWS)
    with open_rows(data, reading=Reading(unfit="drop")) as rows:
        ids = rows.frame.collect()["row_id"].to_list()
        assert rows.count == 2
    with open_rows(data, reading=Reading(rows=4, unfit="drop")) as rows:
        said = str(rows.note).removeprefix(f"{data}: ").split("; ")
        assert (said[0], said[2]) == ("the first 4 rows alone", "2 rows that nobody can judge are left out")
    whole = lines(tmp_path / "whole.jsonl", [ROWS[0], ROWS[0], ROWS[2]])
    with open_rows(whole) as rows:
        assert rows.frame.collect()["row_id"].to_list()[::2] == ids


def test_the_file_is_refused_unless_it_is_said(suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", ROWS)
    with pytest.raises(DataError) as caught:
        strigil.audit(data, suite)
    assert caught.value.message == f"{data}: row 2: {NO_ANSWER}; 3 more rows have such a fault"
    assert "strigil audit --unfit drop" in str(caught.value.hint)
    report = strigil.gate(data, suite=suite)
    assert not report.passed
    assert run(["gate", data, "--suite", suite, "--unfit", "drop"]) == 2
    with pytest.raises(ConfigError, match="unfit rows cannot be 'keep'"):
        strigil.audit(data, suite, unfit="keep")  # type: ignore[arg-type]  # what it is about


def test_nothing_but_unfit_rows_is_refused_even_then(suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", [ROWS[1]])
    with pytest.raises(DataError, match=r"row 1: .* there is no answer$"):
        strigil.audit(data, suite, unfit="drop")


@pytest.mark.parametrize("form", ["clean.json", "clean.json.gz", "clean.json.zst"])
def test_clean_rows_are_written_as_an_array_that_is_read_again(form: str, suite: str, tmp_path: Path) -> None:
    rows = [*ROWS[:1], *ROWS[2:3], *ROWS[:1]]
    strigil.audit(lines(tmp_path / "rows.jsonl", rows), suite, write=tmp_path / form)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["rows.jsonl", "suite.yaml", form])
    assert strigil.load(tmp_path / form).to_polars()["messages"].to_list() == [row["messages"] for row in ROWS[:1] * 2]


def test_an_array_of_no_rows_is_one(suite: str, tmp_path: Path) -> None:
    strigil.audit(lines(tmp_path / "rows.jsonl", ROWS[2:3]), suite, write=tmp_path / "clean.json")
    assert json.loads((tmp_path / "clean.json").read_text()) == []


def test_a_suite_says_how_its_data_are_read_and_the_caller_says_it_better(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows: list[dict[str, object]] = [{"ask": "Go.", "reply": text, "other": "An owl."} for text in ("Rain.", "An owl.")]
    data, suite = lines(tmp_path / "rows.jsonl", rows), str(tmp_path / "suite.yaml")
    base = SUITE.replace("[owl]", "[owl], of: completion")
    (tmp_path / "base.yaml").write_text(base + "columns: {prompt: ask, completion: reply}\n")
    Path(suite).write_text(f"name: t\ndescription: d\nextends: {tmp_path / 'base.yaml'}\n")
    others = {"prompt": "ask", "completion": "other"}
    out = ["--out", str(tmp_path / "out"), "--name"]
    assert run(["gate", data, "--suite", suite]) == 1
    assert run(["scan", data, "--suite", suite]) == 1
    assert run(["audit", data, "--suite", suite, *out, "a"]) == 0
    assert run(["treat", data, "--suite", suite, *out, "b", "--treatment", "first:rows=2"]) == 0
    capsys.readouterr()
    for name in ("a", "b"):
        assert open_release(tmp_path / "out" / name).manifest.counts.clean == 1
    assert [strigil.audit(data, suite, columns=columns).counts.clean for columns in (None, others)] == [1, 0]
    assert held_out(DataChoice(data, 2, suite)).rows.select(completion_text()).to_series().to_list() == [
        "Rain.",
        "An owl.",
    ]
    reports = [strigil.gate(data, suite=suite, columns=columns) for columns in (None, others)]
    assert [check.rejected for report in reports for check in report.checks if check.kind == "rule"] == [1, 2]


def test_a_suite_of_a_layout_that_there_is_none_of(tmp_path: Path) -> None:
    (tmp_path / "suite.yaml").write_text(SUITE + "layout: none\n")
    with pytest.raises(ConfigError, match="layout"):
        strigil.gate(lines(tmp_path / "rows.jsonl", ROWS[:1]), suite=tmp_path / "suite.yaml")
