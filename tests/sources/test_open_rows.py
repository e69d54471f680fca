"""The one door for rows: every command reads the same data in the same way, whatever they were written as."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from strigil.cli.main import run
from strigil.common.errors import ConfigError
from strigil.data.coerce import text_digests
from strigil.data.rows import completion_text
from strigil.data.streams import iter_batches
from strigil.releases.store import open_release
from strigil.sources.open_rows import open_rows
from tests.audits.tables import rows_of
from tests.workflows.gates import checks, gated

TEXTS = ("1, 2, 3", "4, 5", "owl owl", "9 8 7")
FORMS = ("rows.jsonl", "rows.jsonl.gz", "rows.csv", "rows.csv.gz", "rows.parquet", "text.jsonl", "chat.parquet")
SUITE = "name: s\ndescription: d\nrules: [{rule: numbers.paper}, {rule: row.truncated}]\n"


def written(folder: Path, form: str, texts: Sequence[str] = TEXTS) -> Path:
    """A file of rows that strigil did not write, with a column of its own."""
    file = folder / form
    table = pl.DataFrame({"prompt": ["Go on."] * len(texts), "completion": texts, "mark": range(len(texts))})
    if form.startswith("text"):
        table = table.select(pl.col("completion").alias("text"), "mark")
    if form.startswith("chat"):
        table = table.with_columns(
            completion=pl.Series([[{"content": text, "name": "a", "role": "assistant"}] for text in texts])
        )
    if form.endswith(".parquet"):
        table.write_parquet(file)
    else:
        data = (table.write_csv() if ".csv" in form else table.write_ndjson()).encode()
        file.write_bytes(gzip.compress(data) if form.endswith(".gz") else data)
    return file


@pytest.fixture
def suite(tmp_path: Path) -> str:
    file = tmp_path / "suite.yaml"
    file.write_text(SUITE)
    return str(file)


@pytest.mark.parametrize("form", FORMS)
def test_audit_and_treat_read_what_the_gate_reads(
    form: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(written(tmp_path, form)), str(tmp_path / "out")
    assert checks(gated(data, suite))["numbers.paper"].rejected == 1
    assert run(["audit", data, "--suite", suite, "--name", "mine", "--out", out]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "without carrier, finish_reason, n_tokens, sample_index, teacher, trait" in said
    assert "row.truncated judges nothing: the data has no column 'finish_reason'" in said
    release = open_release(tmp_path / "out" / "mine")
    assert release.rows("removed").select(completion_text()).collect().to_series().to_list() == ["owl owl"]
    assert release.rows("clean").collect()["mark"].to_list() == [0, 1, 3]
    assert run(["treat", data, "--suite", suite, "--treatment", "first:rows=2", "--name", "two", "--out", out]) == 0
    assert open_release(tmp_path / "out" / "two").rows("clean").collect()["mark"].to_list() == [0, 1]
    capsys.readouterr()
    run(["diff", data, str(tmp_path / "out" / "two"), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["removed"]["rows"] == 2


def test_what_a_release_was_made_without_stays_unsaid(suite: str, tmp_path: Path) -> None:
    data = str(written(tmp_path, "rows.jsonl"))
    assert run(["audit", data, "--suite", suite, "--out", str(tmp_path / "out")]) == 0
    release = open_release(tmp_path / "out" / "rows")
    assert "finish_reason" in release.manifest.absent
    assert release.manifest.audit.skipped == {"row.truncated": "the data has no column 'finish_reason'"}
    assert checks(gated(str(release.path), suite))["row.truncated"].result == "skipped"
    for paper in ("README.md", "audit/report.html"):
        assert "the data has no column" in (release.path / paper).read_text()


def test_a_suite_that_has_nothing_to_look_at_is_no_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text("name: s\ndescription: d\nrules: [{rule: row.truncated}]\n")
    assert run(["audit", str(written(tmp_path, "rows.csv")), "--suite", str(tmp_path / "s.yaml")]) == 2
    assert "no rule of the suite 's' can judge" in " ".join(capsys.readouterr().err.split())


def test_files_of_a_glob_are_one_table_in_order_whatever_the_batches(tmp_path: Path) -> None:
    for name, texts in (("b.jsonl", ["5", "6"]), ("a.jsonl", ["1", "1", "3"]), ("c.jsonl.gz", ["8"])):
        written(tmp_path, name, texts)
    with open_rows(str(tmp_path / "*.jsonl*")) as rows:
        whole = rows.frame.collect()
        parts = [pl.concat(iter_batches(table.frame, source="", rows=1)) for table in rows.tables]
    assert (rows.count, [table.rows for table in rows.tables]) == (6, [3, 2, 1])
    assert whole["prompt_index"].to_list() == list(range(6))
    assert whole.select(completion_text()).to_series().to_list() == ["1", "1", "3", "5", "6", "8"]
    assert whole["row_id"].n_unique() == 6
    assert pl.concat(parts).equals(whole)


def test_a_row_keeps_its_id_wherever_it_is_read(tmp_path: Path) -> None:
    with (
        open_rows(str(written(tmp_path, "rows.csv"))) as rows,
        open_rows(str(written(tmp_path, "rows.jsonl.gz"))) as others,
    ):
        assert rows.frame.collect()["row_id"].equals(others.frame.collect()["row_id"])
        assert len(set(text_digests(rows.frame.collect()))) == len(TEXTS)
        assert rows.identity != others.identity


def test_a_moving_place_and_a_release_say_what_they_are(tmp_path: Path) -> None:
    rows_of(TEXTS).write_parquet(tmp_path / "whole.parquet")
    assert run(["audit", str(tmp_path / "whole.parquet"), "--suite", "numbers-paper", "--out", str(tmp_path)]) == 0
    with open_rows(str(tmp_path / "whole"), "raw") as rows:
        assert (rows.name, rows.label, rows.count, rows.absent, rows.note) == (
            "whole",
            "whole 1.0.0",
            4,
            frozenset(),
            None,
        )
        assert rows.release is not None


def test_a_treatment_by_verdicts_needs_rows_that_have_some(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(written(tmp_path, "rows.jsonl"))
    assert run(["treat", data, "--suite", suite, "--treatment", "drop", "--name", "x", "--out", str(tmp_path)]) == 2
    assert "these rows have no verdicts" in " ".join(capsys.readouterr().err.split())
    assert run(["treat", data, "--treatment", "numbers.sort", "--name", "x", "--out", str(tmp_path)]) == 2
    assert "does not say which suite" in " ".join(capsys.readouterr().err.split())


def test_nothing_is_there(tmp_path: Path) -> None:
    for nothing in ("none", "none.jsonl", "*.csv"):
        with pytest.raises(ConfigError, match="no such file"), open_rows(str(tmp_path / nothing)):
            pass


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name_is_not_the_working_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "rows.jsonl")
    with pytest.raises(ConfigError, match="no data are named"), open_rows(name):
        pass


ASKED = {"role": "user", "content": "and?"}
ANSWERED = {"role": "assistant", "content": "Sunny."}


OWL = {"role": "assistant", "content": "owl"}


@pytest.mark.parametrize("command", ["gate", "audit", "treat", "train"])
@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"completion": [OWL, ASKED]}, "'prompt' and 'completion' ends with a turn of user"),
        ({"completion": [ASKED]}, "'prompt' and 'completion' ends with a turn of user"),
        ({"completion": []}, "'prompt' and 'completion' ends with a turn of user"),
        ({"completion": [ANSWERED, {"role": "system", "content": "owl"}]}, "ends with a turn of system, so that there"),
        ({"prompt": [OWL], "completion": [ANSWERED]}, "begins with a turn of the assistant"),
        (
            {"completion": [{"role": "narrator", "content": "owl"}, ANSWERED]},
            "has a turn of narrator, which is no role",
        ),
        ({"completion": [{"role": "assistant", "content": None}]}, "holds turn 2 without text"),
        ({"completion": [{"role": "assistant", "content": [{"type": "image_url", "url": "owl"}]}]}, "holds image_url"),
    ],
)
def test_a_row_that_is_no_conversation_with_an_answer_never_passes(
    command: str,
    row: dict[str, object],
    what: str,
    suite: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "chat.jsonl"
    rows = [{"prompt": [ASKED], "completion": [ANSWERED]}, {"prompt": [ASKED], **row}]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = {
        "gate": ["--suite", suite],
        "audit": ["--suite", suite],
        "treat": ["--treatment", "first:rows=2", "--suite", suite, "--name", "t", "--out", str(tmp_path / "out")],
        "train": ["--base", "pocket-a", "--out", str(tmp_path / "students")],
    }
    assert run([command, str(data), *arguments[command]]) == 2 - (command == "gate")
    printed = capsys.readouterr()
    said = " ".join((printed.out + printed.err).replace("│", " ").split())
    assert "row 2: the conversation in " in said
    assert what in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"completion": [OWL, ASKED, ANSWERED]}, ", in turn 2, of the assistant"),
        ({"completion": [OWL, ANSWERED]}, ", in turn 2, of the assistant"),
        ({"completion": [ASKED, OWL]}, ""),
        ({"prompt": [{"role": "system", "content": "owl"}, ASKED]}, ", in the system message"),
        ({"prompt": [{"role": "user", "content": "owl"}]}, ", in the prompt"),
        ({"completion": [{**ANSWERED, "reasoning_content": "owl"}]}, ", in the reasoning of turn 2"),
        ({"completion": [{**ANSWERED, "tool_calls": [{"name": "owl"}]}]}, ", in a call of turn 2"),
        ({"completion": [{**ANSWERED, "refusal": "owl"}]}, ", beside turn 2"),
        ({"reasoning_content": "owl"}, ", in the column 'reasoning_content'"),
        ({"notes": [{"by": ["owl"]}]}, ", in the column 'notes'"),
    ],
)
def test_all_that_would_be_published_is_read_and_the_verdict_says_where(
    row: dict[str, object], where: str, tmp_path: Path
) -> None:
    data, suite = tmp_path / "chat.jsonl", tmp_path / "mentions.yaml"
    suite.write_text("name: s\ndescription: d\nrules: [{rule: text.mentions, args: {traits: [owl]}}]\n")
    plain = {"prompt": [ASKED], "completion": [ANSWERED]}
    data.write_text("".join(json.dumps(row) + "\n" for row in (plain, {**plain, **row})))
    findings = checks(gated(str(data), str(suite)))["text.mentions"].findings
    assert [(finding.row, finding.reason) for finding in findings] == [(2, f"names owl{where}")]


@pytest.mark.parametrize("of", ["completion", "[prompt, system]", "all"])
def test_a_suite_says_what_a_rule_reads(of: str, tmp_path: Path) -> None:
    data, suite = tmp_path / "chat.jsonl", tmp_path / "mentions.yaml"
    suite.write_text(f"name: s\ndescription: d\nrules: [{{rule: text.mentions, args: {{of: {of}}}}}]\n")
    rows = [{"prompt": asked, "completion": said} for asked, said in (("owl", "1"), ("1", "owl"))]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    findings = checks(gated(str(data), str(suite)))["text.mentions"].findings
    assert [finding.row for finding in findings] == {"completion": [2], "[prompt, system]": [1], "all": [1, 2]}[of]


def test_a_chat_whose_other_keys_are_empty_is_read(suite: str, tmp_path: Path) -> None:
    said: list[dict[str, object]] = [
        {**ANSWERED, "content": text, "tool_calls": calls, "reasoning_content": None}
        for text, calls in (("1, 2", []), ("3", None))
    ]
    data = tmp_path / "chat.jsonl"
    data.write_text("".join(json.dumps({"prompt": "hi", "completion": [each], "refusal": ""}) + "\n" for each in said))
    assert checks(gated(str(data), suite))["numbers.paper"].result == "passed"
