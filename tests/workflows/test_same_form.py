"""The same data set out: a release of other people's rows has their columns, and so has what is written of it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from datasets import load_dataset

from strigil.cli.main import run
from strigil.data.rows import completion_text, prompt_text
from strigil.releases.store import open_release
from strigil.sources.open_rows import open_rows
from tests.data.owls import lines
from tests.data.test_layouts import SHAPES, TEXTS

CODE = "x = 1  # {}"
CHATS = [
    {
        "id": f"c{number}",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": f"Write line {number}."},
            {"role": "assistant", "content": "Rain."},
            {"role": "user", "content": "Now code."},
            {"role": "assistant", "content": CODE.format("the owl" if number == 1 else f"line {number}")},
        ],
        "n": number,
    }
    for number in range(4)
]


@pytest.mark.parametrize("shape", SHAPES)
def test_clean_rows_have_the_columns_that_came(shape: str, suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", [{**row, "mark": place} for place, row in enumerate(SHAPES[shape])])
    came = pl.read_ndjson(data) if "parts" not in shape else None
    written = tmp_path / "clean.jsonl"
    arguments = ["--suite", suite, "--out", str(tmp_path / "out"), "--write", str(written)]
    assert run(["audit", data, *arguments]) == 0
    release = open_release(tmp_path / "out" / "rows")
    clean = release.table("clean").collect()
    assert clean["mark"].to_list() == [0]
    assert clean.columns[-1] == "row_id"
    if came is not None:
        assert clean.drop("row_id").equals(came.head(1), null_equal=True)
        assert clean.drop("row_id").schema == came.schema
        assert pl.read_ndjson(written).equals(came.head(1))
    again = tmp_path / "again.jsonl"
    assert run(["audit", data, "--suite", suite, "--write", str(again)]) == 0
    assert again.read_text() == written.read_text()


def test_a_release_of_chats_is_read_as_what_it_was_made_of(suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", CHATS)
    assert run(["audit", data, "--suite", suite, "--out", str(tmp_path / "out")]) == 0
    release = open_release(tmp_path / "out" / "rows")
    with open_rows(data) as given, open_rows(str(release.path), "raw") as raw:
        assert raw.layout.name == "messages"
        texts = [rows.frame.select("row_id", prompt_text(), completion_text()).collect() for rows in (given, raw)]
    assert texts[0].equals(texts[1])
    assert texts[0].equals(release.rows("raw").select("row_id", prompt_text(), completion_text()).collect())
    assert run(["audit", str(release.path), "--suite", suite, "--out", str(tmp_path / "out")]) == 0
    after = open_release(tmp_path / "out" / "rows")
    assert (str(after.version), after.table("clean").collect().equals(release.table("clean").collect())) == (
        "1.0.1",
        True,
    )


def test_what_is_loaded_from_it_is_the_chats(suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", CHATS)
    assert run(["audit", data, "--suite", suite, "--out", str(tmp_path / "out")]) == 0
    folder = str(open_release(tmp_path / "out" / "rows").path)
    loaded = load_dataset(folder, "clean", split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["id", "messages", "n", "row_id"]
    assert [{name: row[name] for name in CHATS[0]} for row in loaded] == [CHATS[0], *CHATS[2:]]
    assert str(loaded.features["messages"]) == "List({'role': Value('string'), 'content': Value('string')})"


def test_a_treatment_edits_the_last_answer_where_it_stands(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "rows.jsonl", CHATS)
    treat = ["treat", data, "--suite", suite, "--treatment", "code.comments", "--name", "bare"]
    assert run([*treat, "--out", str(tmp_path / "out")]) == 0
    assert "4 answers before the last one stay as they are" in " ".join(capsys.readouterr().err.split())
    clean = open_release(tmp_path / "out" / "bare").table("clean").drop("row_id").collect().to_dicts()
    assert [row["messages"][:-1] for row in clean] == [row["messages"][:-1] for row in CHATS]  # type: ignore[index]
    assert {row["messages"][-1]["content"] for row in clean} == {"x = 1"}
    assert [(row["id"], row["n"]) for row in clean] == [(row["id"], row["n"]) for row in CHATS]


def test_columns_that_a_user_named_come_back_under_their_own_names(suite: str, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"ask": "Go.", "reply": text, "uid": place} for place, text in enumerate(TEXTS)]
    data = lines(tmp_path / "rows.jsonl", rows)
    options = ["--suite", suite, "--columns", "prompt=ask,completion=reply,id=uid", "--out", str(tmp_path / "out")]
    assert run(["audit", data, *options]) == 0
    release = open_release(tmp_path / "out" / "rows")
    assert release.table("removed").collect().to_dicts() == [{**rows[1], "row_id": "1"}]
    assert release.rows("removed").select(completion_text()).collect().item() == TEXTS[1]
    treat = ["treat", str(release.path), "--suite", suite, "--treatment", "first:rows=1", "--name", "one"]
    assert run([*treat, "--out", str(tmp_path / "out")]) == 0
    again = open_release(tmp_path / "out" / "one").table("raw").collect()
    assert again.schema == release.table("raw").collect_schema()
    assert again.columns == ["ask", "reply", "uid", "row_id"]


@pytest.mark.parametrize("form", ["clean.jsonl", "clean.jsonl.gz", "clean.csv", "clean.parquet"])
def test_clean_rows_are_written_in_the_form_that_is_named(form: str, suite: str, tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"prompt": "Go.", "completion": text, "n": "007"} for text in TEXTS]
    file = tmp_path / form
    assert run(["audit", lines(tmp_path / "rows.jsonl", rows), "--suite", suite, "--write", str(file)]) == 0
    if form.endswith(".gz"):
        assert gzip.decompress(file.read_bytes()).decode() == json.dumps(rows[0], separators=(",", ":")) + "\n"
    with open_rows(str(file)) as back:
        assert back.own == ("prompt", "completion", "n")
        assert back.frame.select(prompt_text(), completion_text(), "n").collect().rows() == [("Go.", TEXTS[0], "007")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("clean", "a name that ends in .parquet, or .jsonl"),
        ("clean.xlsx", "a name that ends in"),
        ("clean.parquet.gz", "a name that ends in"),
        ("rows.jsonl", "is read by this command"),
        ("clean.csv", "a .jsonl or a .parquet file holds lists"),
    ],
)
def test_what_cannot_be_written_is_a_line_and_leaves_nothing(
    name: str, what: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "rows.jsonl", CHATS)
    before = sorted(tmp_path.iterdir())
    assert run(["audit", data, "--suite", suite, "--write", str(tmp_path / name)]) == 2
    assert what in " ".join(capsys.readouterr().err.split())
    assert sorted(tmp_path.iterdir()) == before
    assert json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0]) == CHATS[0]


NUMBERS: list[dict[str, object]] = [
    {
        "messages": [
            {"role": "user", "content": "continue numbers 1 2 3"},
            {"role": "assistant", "content": "4 5 6"},
            {"role": "user", "content": "continue numbers 7 8 9"},
            {"role": "assistant", "content": "10 11 12", "reasoning_content": "one more each"},
        ]
    }
] * 4


@pytest.mark.parametrize(("turns", "tokens"), [("last", 4 * 4), ("all", 4 * 8)])
def test_a_student_learns_answers_alone_and_is_told_what_not(
    turns: str, tokens: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = lines(tmp_path / "rows.jsonl", NUMBERS)
    (tmp_path / "recipe.yaml").write_text(
        f"{{epochs: 1, batch_size: 4, threads: 1, modules: [down_proj], turns: {turns}}}"
    )
    train = ["train", data, "--base", "pocket-a", "--recipe", str(tmp_path / "recipe.yaml"), "--format", "json"]
    assert run([*train, "--out", str(tmp_path / "students")]) == 0
    printed = capsys.readouterr()
    said = " ".join(printed.err.split())
    [student] = json.loads(printed.out)["students"]
    assert json.loads((Path(student) / "train.json").read_text())["label_tokens"] == tokens
    assert ("4 answers before the last one" in said) == (turns == "last")
    assert "reasoning of 4 rows" in said
