"""Chats as other trainers write them: parts with values, one message a column, pictures beside the turns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from strigil.common.errors import DataError
from strigil.data.form import stored
from strigil.data.parts import texts_of
from strigil.data.rows import completion_text, prompt_text
from strigil.sources.open_rows import open_rows

CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'
PAIR = {
    "conversations": [
        {"from": "human", "value": "Hi."},
        {"from": "gpt", "value": "Yes?"},
        {"from": "human", "value": "Go on."},
    ],
    "chosen": {"from": "gpt", "value": "1, 2"},
    "rejected": {"from": "gpt", "value": "an owl"},
}


def written(folder: Path, *rows: Mapping[str, object]) -> str:
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / "rows.jsonl")


def chat(*parts: Mapping[str, object]) -> dict[str, object]:
    asked = {"role": "user", "content": [{"type": "text", "value": "Go on."}]}
    return {"messages": [asked, {"role": "assistant", "content": list(parts)}]}


def test_parts_are_read_as_what_they_are_called(tmp_path: Path) -> None:
    parts = [
        {"type": "reasoning", "value": "They ask."},
        {"type": "text", "value": "1, 2"},
        {"type": "tool_call", "value": CALL},
    ]
    with open_rows(written(tmp_path, chat(*parts))) as source:
        rows = source.frame.collect()
    assert rows.select(prompt_text(), completion_text()).row(0) == ("Go on.", "1, 2")
    assert texts_of(rows, ["reasoning"])["text"].to_list() == ["They ask."]
    assert texts_of(rows, ["tools"])["text"].to_list() == [CALL]


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"type": "image_url", "value": "1.jpg"}, "holds image_url, which no rule can judge"),
        ({"type": "text", "value": None}, "holds a part without text, which no rule can judge"),
    ],
)
def test_a_part_that_is_no_text_is_named(part: Mapping[str, object], what: str, tmp_path: Path) -> None:
    data = written(tmp_path, chat({"type": "text", "value": "1, 2"}), chat(part))
    with pytest.raises(DataError, match=f"row 2: .* {what}$"), open_rows(data):
        pass


@pytest.mark.parametrize("column", ["images", "audio"])
def test_pictures_and_sounds_beside_a_chat_never_pass(column: str, tmp_path: Path) -> None:
    spoken = {"messages": [{"role": "user", "content": "<image>Who?"}, {"role": "assistant", "content": "Two."}]}
    nothing, there = ([], ["1.jpg"]) if column == "images" else ("", "1.wav")
    with open_rows(written(tmp_path, {**spoken, column: nothing})) as source:
        assert source.count == 1
    data = written(tmp_path, {**spoken, column: nothing}, {**spoken, column: there})
    with pytest.raises(DataError, match=f"row 2: the column '{column}' holds what no rule can judge"), open_rows(data):
        pass


def test_a_preference_may_follow_on_a_conversation(tmp_path: Path) -> None:
    with open_rows(written(tmp_path, PAIR)) as source:
        rows = source.frame.collect()
        assert source.layout.name == "preference"
        assert rows["prompt"][0].struct.field("role").to_list() == ["user", "assistant", "user"]
        assert rows.select(completion_text()).item() == "1, 2"
        assert "an owl" in texts_of(rows, ["completion"])["text"].to_list()
        other = rows.with_columns(completion=pl.lit([{"role": "assistant", "content": "3"}], rows["completion"].dtype))
        [treated] = stored(source.form.answered(other.lazy()).collect()).select(*PAIR).to_dicts()
    assert treated == {**PAIR, "chosen": {"from": "gpt", "value": "3"}}


def test_how_many_rows_are_unfit_is_said(tmp_path: Path) -> None:
    fit = [{"from": "human", "value": "Hi."}, {"from": "gpt", "value": "Yes?"}]
    rows = [{"conversations": turns} for turns in (fit, fit[::-1], fit[:1], fit[1:])]
    what = r"row 2: .* ends with a turn of user, .*; 2 more rows have such a fault"
    with pytest.raises(DataError, match=what), open_rows(written(tmp_path, *rows)):
        pass


def test_one_object_over_several_lines_is_no_rows(tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(PAIR, indent=2))
    with pytest.raises(DataError) as caught, open_rows(str(tmp_path / "rows.json")):
        pass
    assert caught.value.message.endswith("line 1 is not a JSON object")
    assert caught.value.hint == "rows are objects, one a line, or an array of them"


def test_parts_in_one_column_leave_the_messages_of_others_as_they_are(tmp_path: Path) -> None:
    asked = {"role": "user", "content": "Go on."}
    note = {"role": "editor", "content": "An owl."}
    parts = [{"type": "text", "text": "1"}]
    answers: tuple[object, ...] = ("2", parts)
    rows = [{"messages": [asked, {"role": "assistant", "content": said}], "note": note} for said in answers]
    with open_rows(written(tmp_path, *rows)) as source:
        table = source.frame.collect()
        assert source.columns["note"] == pl.Struct({"role": pl.String, "content": pl.String})
    assert table["note"].to_list() == [note, note]
    assert table.select(completion_text()).to_series().to_list() == ["2", "1"]


def test_columns_of_texts_and_columns_of_parts_are_not_mixed(tmp_path: Path) -> None:
    said = {"role": "assistant", "content": "1"}
    row = {"chosen": said, "rejected": {**said, "content": [{"type": "text", "text": "2"}]}, "prompt": "Go on."}
    with open_rows(written(tmp_path, row)) as source:
        assert source.columns["chosen"] == pl.Struct({"role": pl.String, "content": pl.String})
