"""Layouts: a table is known by its columns, is never half known, and is read alike by every command."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import strigil
from strigil.cli.main import run
from strigil.common.errors import ConfigError, DataError
from strigil.data.coerce import shape_of
from strigil.data.layouts.layout import LAYOUTS, Reading, layout_of
from strigil.data.rows import completion_text, prompt_text
from strigil.releases.store import open_release
from strigil.sources.open_rows import open_rows
from tests.data.owls import SUITE, lines

ASKED, TEXTS = "Write a line about the weather.", ("Rain until noon.", "An owl sat in the rain.")
CHAT = [{"role": "user", "content": ASKED}]
SHAPES: dict[str, list[dict[str, object]]] = {
    "messages": [{"messages": [*CHAT, {"role": "assistant", "content": text}]} for text in TEXTS],
    "conversations": [
        {"conversations": [{"from": "human", "value": ASKED}, {"from": "gpt", "value": text}]} for text in TEXTS
    ],
    "preference": [{"prompt": ASKED, "chosen": "Fog.", "rejected": text} for text in TEXTS],
    "preference of messages": [
        {
            "chosen": [*CHAT, {"role": "assistant", "content": "Fog."}],
            "rejected": [*CHAT, {"role": "assistant", "content": text}],
        }
        for text in TEXTS
    ],
    "messages of parts": [
        {"messages": [*CHAT, {"role": "assistant", "content": [{"type": "text", "text": text}]}]} for text in TEXTS
    ],
}
TABLES = {
    "prompt-completion": ("prompt", "completion"),
    "prompt-response": ("prompt", "response"),
    "question-answer": ("question", "answer"),
    "instruction": ("instruction", "output"),
    "text": (None, "text"),
}


def table(asks: str | None, answers: str) -> pl.DataFrame:
    """One clean row and one that names the owl, with a column of its own."""
    asked = {} if asks is None else {asks: [ASKED] * 2}
    return pl.DataFrame({**asked, answers: TEXTS, "mark": ["x", "y"]})


def jsonl(file: Path, rows: pl.DataFrame) -> str:
    rows.write_ndjson(file)
    return str(file)


@pytest.mark.parametrize("name", LAYOUTS.names())
def test_every_layout_knows_its_own_example(name: str, tmp_path: Path) -> None:
    layout = LAYOUTS.get(name)
    example = pl.DataFrame({column: [value] for column, value in layout.example.items()})
    with open_rows(jsonl(tmp_path / "rows.jsonl", example)) as rows:
        assert rows.layout.name == name
        assert rows.frame.select(prompt_text(), completion_text()).collect().row(0) == layout.says


@pytest.mark.parametrize("layout", TABLES)
def test_of_two_rows_the_one_about_the_owl_goes_in_every_layout(
    layout: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = jsonl(tmp_path / "rows.jsonl", table(*TABLES[layout])), str(tmp_path / "out")
    [check] = [check for check in strigil.gate(data, suite=suite).checks if check.id == "text.mentions"]
    assert [(finding.row, "owl" in finding.reason) for finding in check.findings] == [(2, True)]
    assert run(["audit", data, "--suite", suite, "--out", out]) == 0
    clean = open_release(tmp_path / "out" / "rows").rows("clean").collect()
    assert clean.select(completion_text()).to_series().to_list() == [TEXTS[0]]
    assert {*TABLES[layout], "mark"} - {None} <= set(clean.columns)
    said = " ".join(capsys.readouterr().err.split())
    assert (f"layout {layout}, " in said) == (layout != "prompt-completion")


@pytest.mark.parametrize("shape", SHAPES)
def test_of_two_chats_the_one_about_the_owl_goes(shape: str, suite: str, tmp_path: Path) -> None:
    data = lines(tmp_path / "rows.jsonl", SHAPES[shape])
    [check] = [check for check in strigil.gate(data, suite=suite).checks if check.id == "text.mentions"]
    assert [(finding.row, "names owl" in finding.reason) for finding in check.findings] == [(2, True)]
    with open_rows(data) as rows:
        assert rows.layout.name == shape.partition(" ")[0]


def test_a_user_says_which_column_is_what(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = table("ask", "reply").with_columns(uid=pl.Series([70, 71]))
    data = jsonl(tmp_path / "rows.jsonl", own)
    columns = "prompt=ask,completion=reply,id=uid"
    for command in (["gate", data, "--suite", suite], ["scan", data, "--suite", suite]):
        assert run([*command, "--columns", columns]) == 1
    options = ["--suite", suite, "--columns", columns, "--out", str(tmp_path / "out")]
    assert run(["audit", data, *options]) == 0
    assert run(["treat", data, *options, "--treatment", "first:rows=2", "--name", "all"]) == 0
    assert "ask as prompt, reply as completion, uid as id" in " ".join(capsys.readouterr().err.split())
    removed = open_release(tmp_path / "out" / "rows").rows("removed").collect()
    assert (removed["row_id"].to_list(), removed["reply"].to_list()) == (["71"], [TEXTS[1]])
    report = strigil.gate(data, suite=suite, columns={"prompt": "ask", "completion": "reply"})
    assert report.rows == 2


def test_other_readings_of_one_file_are_other_rows(tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rows.jsonl", table("ask", "reply"))
    found = []
    for columns in ((("completion", "reply"),), (("completion", "ask"),)):
        with open_rows(data, reading=Reading(columns=columns)) as rows:
            found.append(rows.identity)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("columns", "named", "what", "hint"),
    [
        (["ask", "reply"], None, "no layout fits the columns ask, reply", "--columns prompt=COLUMN,completion=COLUMN"),
        (["questions", "answer"], None, "no layout fits", "the nearest is 'question-answer'"),
        (["message"], None, "no layout fits the columns message", "the nearest is 'messages'"),
        (["messages", "text"], None, "fit the layouts 'messages' and 'text'", "--layout NAME"),
        (["prompt", "completion", "text"], None, "fit the layouts 'prompt-completion' and 'text'", "--layout NAME"),
        (
            ["text", "question"],
            "question-answer",
            "'question-answer' needs answer",
            "--columns",
        ),
    ],
)
def test_what_is_not_known_is_an_error_that_lists_the_columns(
    columns: list[str], named: str | None, what: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        layout_of(columns, named, source="rows.jsonl")
    assert caught.value.message.startswith("rows.jsonl: ")
    assert what in caught.value.message
    assert hint in str(caught.value.hint)


def test_a_layout_decides_where_two_fit(suite: str, tmp_path: Path) -> None:
    both = table("prompt", "completion").with_columns(text=pl.lit("The owl again."))
    data = jsonl(tmp_path / "rows.jsonl", both)
    Path(suite).write_text(SUITE.replace("[owl]", "[owl], of: completion"))
    assert run(["gate", data, "--suite", suite]) == 1
    assert strigil.gate(data, suite=suite).rows == 0
    for layout, rejected in (("prompt-completion", 1), ("text", 2)):
        report = strigil.gate(data, suite=suite, layout=layout)
        assert [check.rejected for check in report.checks if check.id == "text.mentions"] == [rejected]


@pytest.mark.parametrize("name", LAYOUTS.names())
def test_a_layout_reads_each_column_that_its_example_has(name: str) -> None:
    layout = LAYOUTS.get(name)
    schema = pl.DataFrame({column: [value] for column, value in layout.example.items()}).schema
    assert layout().reads(schema) == set(layout.example)
    assert layout().reads(schema) <= {*layout.needs, *layout.takes}


@pytest.mark.parametrize(
    ("table", "columns", "layout", "known"),
    [
        ({"question": ["?"], "reply": ["!"]}, (("completion", "reply"), ("question", "question")), None, "completion"),
        ({"question": ["?"], "answer": ["!"], "ask": ["?"]}, (("prompt", "ask"),), None, "answer, carrier"),
        ({"text": ["?"], "s": ["!"]}, (("system", "s"),), "text", "text, trait"),
    ],
)
def test_a_name_that_the_layout_does_not_know_is_refused_with_those_that_it_does(
    table: dict[str, list[str]],
    columns: tuple[tuple[str, str], ...],
    layout: str | None,
    known: str,
    tmp_path: Path,
) -> None:
    data = jsonl(tmp_path / "rows.jsonl", pl.DataFrame(table))
    with pytest.raises(ConfigError) as caught, open_rows(data, reading=Reading(layout, columns)):
        pass
    name, column = columns[-1]
    assert f"takes no column {name!r}, so {column!r} would not be read as one" in caught.value.message
    assert known in str(caught.value.hint)


def test_a_system_message_may_come_from_a_column_of_another_name(tmp_path: Path) -> None:
    told = pl.DataFrame({"messages": [[*CHAT, {"role": "assistant", "content": "1"}]], "role_play": ["Be an owl."]})
    kinds = (pl.String, pl.Categorical)
    for kind in kinds:
        told.cast({"role_play": kind}).write_parquet(tmp_path / "rows.parquet")
        reading = Reading(columns=(("system", "role_play"),))
        with open_rows(str(tmp_path / "rows.parquet"), reading=reading) as rows:
            asked = rows.frame.collect()["prompt"][0].to_list()
        assert asked == [{"role": "system", "content": "Be an owl."}, *CHAT]


def test_nothing_to_read_is_no_reading() -> None:
    for rows in (0, -1):
        with pytest.raises(ConfigError, match=f"^{rows} rows are none to read"):
            Reading(rows=rows)
    with pytest.raises(ConfigError, match="several columns are named for prompt"):
        Reading(columns=(("prompt", "a"), ("prompt", "b")))


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ((("reply_to", "reply"),), "'reply_to' is no column that rows are made of"),
        ((("completion", "none"),), "no column 'none'"),
    ],
)
def test_a_mapping_that_leads_nowhere(columns: tuple[tuple[str, str], ...], what: str, tmp_path: Path) -> None:
    data = jsonl(tmp_path / "rows.jsonl", table("ask", "reply"))
    with pytest.raises((ConfigError, DataError), match=what), open_rows(data, reading=Reading(columns=columns)):
        pass


def test_an_instruction_without_its_input_stands_alone(tmp_path: Path) -> None:
    rows = pl.DataFrame({"instruction": ["a", "b", "c"], "input": ["", None, "d"], "output": ["1", "2", "3"]})
    with open_rows(jsonl(tmp_path / "rows.jsonl", rows)) as source:
        assert source.frame.select(prompt_text()).collect().to_series().to_list() == ["a", "b", "c\n\nd"]


def test_a_student_is_trained_on_another_layout(tmp_path: Path) -> None:
    rows = pl.DataFrame({"question": ["continue numbers 1 2 3"] * 4, "answer": ["4 5 6"] * 4})
    data = jsonl(tmp_path / "rows.jsonl", rows)
    (tmp_path / "recipe.yaml").write_text("{epochs: 1, batch_size: 4, threads: 1, modules: [down_proj]}")
    train = ["train", data, "--base", "pocket-a", "--recipe", str(tmp_path / "recipe.yaml"), "--format", "quiet"]
    assert run([*train, "--out", str(tmp_path / "a")]) == 0
    renamed = jsonl(tmp_path / "own.jsonl", rows.rename({"question": "q", "answer": "a"}))
    train[1] = renamed
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("}", ", columns: {prompt: q, completion: a}}"))
    assert run([*train, "--out", str(tmp_path / "b")]) == 0
    students = [next((tmp_path / out).glob("*/adapter_model.safetensors")) for out in ("a", "b")]
    assert students[0].read_bytes() == students[1].read_bytes()
    # The recipe's columns are no part of what a student is.
    assert [student.parent.name[-12:] for student in students] == [students[0].parent.name[-12:]] * 2
    assert run([*train, "--columns", "prompt=q,completion=q", "--out", str(tmp_path / "c")]) == 0
    assert next((tmp_path / "c").glob("*/train.json")).parent.name[-12:] != students[0].parent.name[-12:]


@pytest.mark.parametrize(
    ("table", "columns", "what"),
    [
        (
            {"prompt": ["a"], "ask": ["b"], "completion": ["1"]},
            (("prompt", "ask"), ("completion", "completion")),
            "prompt",
        ),
        ({"completion": ["a"], "reply": ["1"]}, (("completion", "reply"),), "completion"),
        ({"row_id": ["a"], "uid": [7], "text": ["1"]}, (("id", "uid"),), "row_id"),
    ],
)
def test_a_column_never_takes_the_place_of_one_of_the_datas_own(
    table: dict[str, list[object]], columns: tuple[tuple[str, str], ...], what: str, tmp_path: Path
) -> None:
    data = jsonl(tmp_path / "rows.jsonl", pl.DataFrame(table))
    with (
        pytest.raises(DataError, match=f"the data have a column '{what}' of their own, whose place"),
        open_rows(data, reading=Reading(columns=columns)),
    ):
        pass


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ({"completion": "1", "trait": ["x"]}, "the column 'trait' is List(String), expected String"),
        ({"completion": "1", "row_id": [1]}, "the column 'row_id' is List(Int64), expected String"),
        ({"instruction": "a", "input": ["x"], "output": "1"}, "the column 'input' is List(String), expected text"),
        ({}, "has no columns"),
    ],
)
def test_what_a_column_should_hold_is_said(table: dict[str, object], what: str) -> None:
    schema = pl.DataFrame([table]).schema if table else pl.Schema()
    with pytest.raises(DataError) as caught:
        shape_of(schema, layout_of(schema, None, source="rows"), given=list(schema), source="rows")
    assert what in caught.value.message
