"""Columns of any name: what cannot be told apart is refused by name, and all else is read, however deep it lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from strigil.common.errors import DataError
from strigil.data.hidden import HIDDEN, check_columns
from strigil.data.parts import texts_of
from strigil.sources.open_rows import open_rows

WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "rows.jsonl": pl.DataFrame.write_ndjson,
    "rows.csv": pl.DataFrame.write_csv,
    "rows.parquet": pl.DataFrame.write_parquet,
    "rows.arrow": pl.DataFrame.write_ipc,
}


TAKEN = {
    **dict.fromkeys(HIDDEN, "is one that strigil uses itself"),
    "^.*$": "is read as a pattern",
    "*": "is read as a pattern",
}
OTHERS = ["place", "wrong", "row", "where", "text_", "^a", "a$", "a.*", "__written", ""]


@pytest.mark.parametrize(("column", "why"), TAKEN.items())
def test_a_name_that_is_taken_is_refused(column: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        check_columns(["completion", column], source="rows")
    assert caught.value.message == f"rows: the name of the column {column!r} {why}"


@pytest.mark.parametrize(("name", "column"), list(zip(WRITERS, (*HIDDEN[:2], "^.*$", "*"), strict=True)))
def test_it_is_refused_in_files_of_every_kind(name: str, column: str, tmp_path: Path) -> None:
    table = pl.DataFrame({"completion": ["1", "owl"], column: ["a", "b"]})
    WRITERS[name](table, tmp_path / name)
    with pytest.raises(DataError) as caught, open_rows(str(tmp_path / name)):
        pass
    assert caught.value.message == f"{tmp_path / name}: the name of the column {column!r} {TAKEN[column]}"


def test_other_names_are_read_beside_pictures_that_are_none(tmp_path: Path) -> None:
    table = pl.DataFrame({"completion": ["1", "2"], "images": [[], []], **{name: ["a", name] for name in OTHERS}})
    table.cast({"images": pl.List(pl.String)}).write_parquet(tmp_path / "rows.parquet")
    with open_rows(str(tmp_path / "rows.parquet")) as source:
        texts = texts_of(source.frame.collect(), ["columns"]).filter(pl.col("row") == 1)
    assert dict(texts.select("where", "text").iter_rows()) == {
        f"in the column {name!r}": name for name in OTHERS if name
    }


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_a_pattern_for_the_keys_of_an_argument_is_text_like_any_other(kind: str, tmp_path: Path) -> None:
    schema = {"properties": {"^a.*$": {"*": "an owl"}, "a1": {"*": "a fox"}}}
    answer = {"role": "assistant", "content": "1", "^r.*$": "a hen", "tool_calls": [{"schema": schema}]}
    rows = [{"messages": [{"role": "user", "content": "Go."}, answer], "tools": [schema], "more": {"^.*$": "a cat"}}]
    data = tmp_path / f"rows.{kind}"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if kind == "parquet":
        pl.read_ndjson(data.read_bytes()).write_parquet(data)
    with open_rows(str(data)) as source:
        texts = texts_of(source.frame.collect(), ["tools", "columns"])
    assert sorted(texts["text"]) == ["a cat", "a hen", "an owl\na fox", "an owl\na fox"]
