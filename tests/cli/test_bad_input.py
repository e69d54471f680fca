"""What a user can get wrong about an audit: one line that says what and where, exit status 2, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from strigil.cli.main import run
from tests.audits.tables import rows_of

GOOD = rows_of(["1, 2, 3", "4, 5"])
TABLES = {
    "missing column": (GOOD.drop("completion"), "no layout fits the columns row_id, prompt, carrier"),
    "wrong type": (
        GOOD.with_columns(n_tokens=pl.lit("five")),
        "failed in column 'n_tokens'",
    ),
    "numbers for messages": (GOOD.with_columns(completion=pl.lit([1, 2])), "the column 'completion' is List(Int64)"),
    "null": (
        GOOD.with_columns(completion=pl.when(pl.col("prompt_index") == 0).then("completion")),
        "row 2: the conversation in 'prompt' and 'completion' is missing, or a part of it is",
    ),
    "repeated id": (pl.concat([GOOD, GOOD]), "'row_id' repeats itself in 2 rows"),
    "no rows": (GOOD.clear(), "has no rows"),
}


def fails(arguments: list[str], what: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr().err.strip().splitlines()
    errors = [line for line in told if line.startswith("error:")]
    assert len(errors) == 1
    assert what in errors[0]
    assert "Traceback" not in "".join(told)


@pytest.mark.parametrize(
    "command", ["build F", "train R --base pocket-a --recipe F", "gate R --suite F", "study plan F"]
)
@pytest.mark.parametrize("key", [r"\e[2J\n::stop-commands::x", r"\u009b2J\r\n##[error] y", r"\u202e"])
def test_a_key_of_a_file_is_obeyed_by_no_terminal_and_no_runner(
    key: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "f.yaml").write_text(f'name: a\n"{key}": 1\n')
    GOOD.write_parquet(tmp_path / "rows.parquet")
    names = {"F": str(tmp_path / "f.yaml"), "R": str(tmp_path / "rows.parquet")}
    assert run([names.get(word, word) for word in command.split()]) == 2
    said = capsys.readouterr().err
    assert "unknown key" in said
    assert not set(said) & set("\x1b\x9b\u202e\r")
    assert not [line for line in said.splitlines() if line.lstrip().startswith(("::", "##["))]


@pytest.mark.parametrize("case", TABLES)
def test_a_table_that_is_no_row_table(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, what = TABLES[case]
    file = tmp_path / "rows.parquet"
    table.write_parquet(file)
    before = file.read_bytes()
    fails(["audit", str(file), "--suite", "numbers-paper"], what, capsys)
    fails(["audit", str(file), "--suite", "numbers-paper", "--out", str(tmp_path / "out")], what, capsys)
    assert file.read_bytes() == before
    assert not list((tmp_path / "out").rglob("*.parquet"))
    assert not list((tmp_path / "out").rglob("manifest.json"))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("rows.parquet", b"PAR1 no more", "cannot read"),
        ("rows.jsonl", b'{"row_id": "a"}\n{"row_id": \n', "line 2 is not a JSON object"),
        ("rows.jsonl", b"", "is empty"),
        ("rows.txt", b"1, 2, 3", "expected a .parquet, .jsonl, .json, .csv, .tsv, .arrow or .feather file"),
    ],
)
def test_a_file_that_is_no_table(
    name: str, content: bytes, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    fails(["audit", str(tmp_path / name), "--suite", "numbers-paper"], what, capsys)


def test_a_path_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fails(["audit", str(tmp_path / "rows"), "--suite", "numbers-paper"], "no such folder", capsys)


@pytest.mark.parametrize(
    ("suite", "what"),
    [
        ("rules: [{rule: numbers.papr}]", "unknown rule 'numbers.papr'"),
        ("rules: [{rule: numbers.paper, args: {max_cuont: 3}}]", "did you mean 'max_count'?"),
        ("rules: [{rule: numbers.paper, args: {max_count: 0}}]", "max_count"),
        ("rules: [{rule: numbers.paper, threshold: .nan}]", "threshold"),
        ("rules: [{rule: row.truncated}, {rule: row.truncated}]", "names 'row.truncated' more than once"),
        ("rules: []", "every row would pass it"),
        ("rules: [numbers.paper]", "rules.0: expected a mapping, such as {rule: ...}"),
        ("rules: [{rule: row.truncated, threshold: 0}]", "with a threshold of 0 would reject every row"),
        ("rules: [{rule: row.truncated, threshold: 1.5}]", "scores 1 at most: no row can be above 1.5"),
        ("rules: [{rule: text.mentions, threshold: 1e308}]", "at most: no row can be above 1e+308"),
        ("rules: [{rule: text.negative, threshold: 2.5}]", "scores 2 at most"),
        ("rules: [{rule: row.duplicate, allow: {quantiles: {0.99: 1}}}]", "no row can be above 1"),
        ("rules: [{rule: text.secrets, allow: {rows: 1, quantiles: {1: 1e300}}}]", "no row can be above 1e+300"),
        ("rules: [{rule: numbers.paper, args: {min_value: 9, max_value: 3}}]", "a minimum is above its maximum"),
        ("rules: [{rule: row.length, args: {min_chars: null, max_chars: null}}]", "there is no bound"),
        ("rules: [{rule: numbers.banned, args: {numbers: [-1]}}]", "numbers.0: input should be greater than"),
        (
            "extends: numbers-paper\nexpectations: [{expectation: expect_table_row_count_to_be_between, "
            "args: {min_value: 9, max_value: 3}}]",
            "between' would pass no table: no value lies between 9 and 3",
        ),
        ("extends: SUITE", "extend each other in a circle"),
        ("extends: numbers-papr", "unknown suite 'numbers-papr'"),
        ("extends: numbers-paper\nexpectations: [{expectation: expect_owls}]", "unknown expectation 'expect_owls'"),
        (
            "extends: numbers-paper\n"
            "expectations: [{expectation: expect_table_row_count_to_be_between, args: {least: 1}}]",
            "expect_table_row_count_to_be_between",
        ),
        ("extends: numbers-paper\nexpectations: [{expectation: expect_x, table: cleen}]", "expectations.0.table"),
    ],
)
def test_a_suite_that_contradicts_itself(
    suite: str, what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "suite.yaml"
    file.write_text(f"name: mine\ndescription: mine\n{suite.replace('SUITE', str(file))}\n", encoding="utf-8")
    GOOD.write_parquet(tmp_path / "rows.parquet")
    fails(["audit", str(tmp_path / "rows.parquet"), "--suite", str(file)], what, capsys)


def test_a_suite_that_leaves_no_row_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    GOOD.write_parquet(tmp_path / "rows.parquet")
    rules = "[{rule: numbers.strict, args: {min_count: 5}}, {rule: numbers.paper, args: {max_count: 3}}]"
    (tmp_path / "suite.yaml").write_text(f"name: mine\ndescription: mine\nrules: {rules}\n")
    assert run(["audit", str(tmp_path / "rows.parquet"), "--suite", str(tmp_path / "suite.yaml")]) == 0
    assert "no row is left: numbers.strict rejects every row" in capsys.readouterr().err


def test_a_suite_extends_the_file_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    GOOD.write_parquet(tmp_path / "rows.parquet")
    (tmp_path / "base.yaml").write_text("name: base\ndescription: d\nrules: [{rule: row.truncated}]\n")
    (tmp_path / "mine.yaml").write_text("name: mine\ndescription: d\nextends: base.yaml\n")
    assert run(["audit", str(tmp_path / "rows.parquet"), "--suite", str(tmp_path / "mine.yaml")]) == 0
    assert "row.truncated" in capsys.readouterr().out


def test_no_suite_and_an_unknown_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    GOOD.write_parquet(tmp_path / "rows.parquet")
    fails(["audit", str(tmp_path / "rows.parquet")], "does not say which suite", capsys)
    fails(["audit", str(tmp_path / "rows.parquet"), "--suite", "numbers-papr"], "unknown suite", capsys)
