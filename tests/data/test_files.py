"""Files of every kind that rows come in: read whole, as what they say, or refused with the line that is wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from strigil.common.errors import ConfigError, DataError
from strigil.data.rows import completion_text, prompt_text
from strigil.sources.open_rows import open_rows

ROWS = [{"prompt": "Go on:\n1", "completion": text} for text in ("2, 3", 'a "quoted" ], [ text', "é, ü")]


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


def as_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


FORMS: dict[str, Callable[[], bytes]] = {
    "rows.jsonl": as_lines,
    "rows.jsonl.zst": lambda: zstd(as_lines()),
    "twice.jsonl.gz": lambda: gzip.compress(as_lines()[:60]) + gzip.compress(as_lines()[60:]),
    "rows.json": lambda: json.dumps(ROWS).encode(),
    "indented.json": lambda: json.dumps(ROWS, indent=2, ensure_ascii=False).encode(),
    "marked.json": lambda: b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "lines.json": as_lines,
    "rows.json.gz": lambda: gzip.compress(json.dumps(ROWS).encode()),
    "marked.jsonl": lambda: b"\xef\xbb\xbf" + as_lines(),
    "rows.csv": lambda: pl.DataFrame(ROWS).write_csv().encode(),
    "rows.tsv": lambda: pl.DataFrame(ROWS).write_csv(separator="\t").encode(),
    "rows.tsv.zst": lambda: zstd(pl.DataFrame(ROWS).write_csv(separator="\t").encode()),
}


def written(folder: Path, name: str, content: str | bytes) -> str:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def texts(address: str) -> list[str]:
    with open_rows(address) as rows:
        return rows.frame.select(completion_text()).collect().to_series().to_list()


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_of_file_says_the_same(form: str, tmp_path: Path) -> None:
    with open_rows(written(tmp_path, form, FORMS[form]())) as rows:
        found = rows.frame.select(prompt_text(), completion_text()).collect()
        assert rows.count == 3
    assert found.rows() == [(row["prompt"], row["completion"]) for row in ROWS]


def test_an_array_is_read_in_pieces_wherever_the_pieces_end(tmp_path: Path) -> None:
    rows = [{"completion": f"{number} " + "x" * (number % 900)} for number in range(6000)]
    address = written(tmp_path, "rows.json", json.dumps(rows))
    assert Path(address).stat().st_size > 2 << 20
    assert texts(address) == [row["completion"] for row in rows]


def test_a_folder_of_shards_is_one_table(tmp_path: Path) -> None:
    for name, text in (("train/b.jsonl", "2"), ("train/a.jsonl", "1"), ("state.json", "{}"), ("more/c.jsonl", "0")):
        written(tmp_path, name, json.dumps({"completion": text}) if name.endswith("l") else text)
    assert texts(str(tmp_path)) == ["0", "1", "2"]
    written(tmp_path, "releases/manifest.json", "{}")
    with pytest.raises(ConfigError, match="holds several releases, and is none itself"):
        texts(str(tmp_path))
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no tables"):
        texts(str(tmp_path / "empty"))


def test_a_text_that_looks_like_a_number_is_a_text(tmp_path: Path) -> None:
    assert texts(written(tmp_path, "a.csv", "completion\n007\n7\n")) == ["007", "7"]
    assert texts(written(tmp_path, "b.csv", "completion\n9007199254740993\n0.5\n")) == ["9007199254740993", "0.5"]
    with open_rows(written(tmp_path, "c.tsv", "id\tquestion\tanswer\tscore\n01\t2\t3\t4\n")) as rows:
        row = rows.frame.collect().row(0, named=True)
    assert (row["id"], row["answer"], row["score"]) == ("01", "3", 4)


def test_shards_agree_on_the_wider_number(tmp_path: Path) -> None:
    for name, score in (("a", 1), ("b", 0.5)):
        written(tmp_path, f"{name}.jsonl", json.dumps({"completion": name, "score": score}))
    with open_rows(str(tmp_path / "*.jsonl")) as rows:
        assert rows.frame.collect()["score"].to_list() == [1.0, 0.5]


@pytest.mark.parametrize("first", [{}, {"finish_reason": None}])
def test_a_key_that_first_says_something_late_is_read(first: dict[str, None], tmp_path: Path) -> None:
    lines = [json.dumps({"completion": "1", **first})] * 10_500 + [
        json.dumps({"completion": "1", "finish_reason": "stop"})
    ]
    with open_rows(written(tmp_path, "rows.jsonl", "\n".join(lines))) as rows:
        assert rows.frame.collect()["finish_reason"].drop_nulls().to_list() == ["stop"]
        assert "finish_reason" not in rows.absent


def test_an_empty_list_of_messages_is_an_empty_prompt(tmp_path: Path) -> None:
    with open_rows(written(tmp_path, "rows.jsonl", '{"prompt": [], "completion": "1"}')) as rows:
        assert rows.frame.select(prompt_text()).collect().item() == ""


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("rows.jsonl", '{"completion": "1"}\n{"completion": "1", "score": NaN}\n', "line 2 has NaN, which is no JSON"),
        ("rows.jsonl", '{"completion": "o\\ud83dwl"}\n', "line 1 has half of a surrogate pair"),
        ("rows.json", '[{"completion": "1"}, {"completion": "2"', "value 2 of the array is damaged"),
        ("rows.json", '[{"completion": "1"}, {"completion": "2", "completion": "3"}]', "line 2 has a key twice"),
        ("rows.json", "[1, 2]", "line 1 is not a JSON object"),
        ("rows.csv", "completion,note,note\n1,2,3\n", "has columns twice: note"),
        ("rows.csv", "completion,,\n1,2,3\n", "has columns twice: ''"),
        ("rows.json", "[]", "has no rows: an audit of nothing would pass anything"),
        ("rows.jsonl.zst", b"no archive", "cannot unpack"),
    ],
)
def test_what_has_no_meaning_is_named(name: str, content: str | bytes, what: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=what) as caught:
        texts(written(tmp_path, name, content))
    assert str(tmp_path / name) in caught.value.message


def test_a_pair_of_surrogates_is_one_character(tmp_path: Path) -> None:
    assert texts(written(tmp_path, "rows.jsonl", json.dumps({"completion": "🦉"}))) == ["🦉"]
