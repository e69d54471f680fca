"""JSON Lines by Arrow's parser: the values that polars reads, and never a line that has no one meaning."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from strigil.common.errors import DataError
from strigil.data.formats.json_objects import scan_json
from strigil.data.formats.json_table import look_through, write_parquet

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_MESSAGE = st.fixed_dictionaries({"role": _TEXTS, "content": st.none() | _TEXTS})
_OBJECTS = st.lists(
    st.fixed_dictionaries(
        {"messages": st.none() | st.lists(_MESSAGE, max_size=3), "text": _TEXTS},
        optional={
            "score": st.floats(-(2**53), 2**53, exclude_min=True, exclude_max=True),
            "number": st.integers(-(2**63), 2**63 - 1),
            "fine": st.booleans(),
            "meta": st.fixed_dictionaries({"tags": st.lists(_TEXTS, max_size=2), "nothing": st.none()}),
        },
    ),
    min_size=1,
    max_size=5,
)


def _write(folder: Path, lines: str) -> tuple[Path, bool]:
    source = folder / "rows.jsonl"
    source.write_text(lines, encoding="utf-8")
    schema = pl.scan_ndjson(source, infer_schema_length=None).collect_schema()
    return source, write_parquet(source, folder / "table", schema, look_through(source, name="rows"))


@given(objects=_OBJECTS, ascii_only=st.booleans())
@settings(deadline=None, max_examples=60)
def test_its_values_are_those_of_the_lines(*, objects: list[dict[str, object]], ascii_only: bool) -> None:
    with TemporaryDirectory() as name:
        lines = "".join(f"{json.dumps(one, ensure_ascii=ascii_only)}\n" for one in objects)
        source, written = _write(Path(name), lines)
        assert written
        assert_frame_equal(pl.read_parquet(Path(name) / "table"), pl.read_ndjson(source, infer_schema_length=None))


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ('{"a": "1", "a": "2"}', "line 1 has a key twice"),
        ('{"a": [{"b": 1}, {"b": 1, "b": 2}]}', "line 1 has a key twice"),
        ('{"a": 1.5}\n{"a": NaN}', "line 2 has NaN, which is no JSON"),
        ('{"a": {"b": [1.5]}}\n{"a": {"b": [-Infinity]}}', "line 2 has -Infinity, which is no JSON"),
        ('{"a": "x"}\n{"a": "\\udc00"}', "line 2 has half of a surrogate pair"),
        ('{"a": 1}{"a": 2}', "line 1 is not a JSON object"),
        ('{"a": 1}{"a":\n2}', "line 1 is not a JSON object"),
        ('{"a":\n1}', "line 1 is not a JSON object"),
        ('{"a": 1}\n[2]', "line 2 is not a JSON object"),
        ('{"a": 9007199254740993}\n{"a": 0.5}', "line 1, column 'a': an integer of more figures than floats keep"),
        ('{"a": 1}\n{"a": "x"}', "line 2, column 'a': a text, and a number in lines before"),
    ],
)
def test_what_has_no_one_meaning_is_not_read(tmp_path: Path, lines: str, problem: str) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text(f"{lines}\n")
    with pytest.raises(DataError, match=problem):
        scan_json(source, tmp_path / "scratch", name="rows")


def test_floats_that_are_large_are_read(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text('{"a": 1e300}\n{"a": -9007199254740992.0}\n{"a": 9007199254740992}\n{"a": null}\n')
    table = scan_json(source, tmp_path / "scratch", name="rows").collect()
    assert table["a"].to_list() == [1e300, -(2.0**53), 2.0**53, None]


def test_a_key_that_first_appears_in_a_late_line_is_read(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text('{"a": 1, "b": null}\n' * 20_000 + '{"a": 1.5, "b": "x", "late": true}\n')
    table = scan_json(source, tmp_path / "scratch", name="rows").collect()
    assert table.row(-1) == (1.5, "x", True)
    assert table.row(0) == (1.0, None, None)


def test_a_line_longer_than_the_parsers_block_is_read(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text(json.dumps({"a": "x" * (9 << 20)}) + '\n{"a": "y"}\n')
    table = scan_json(source, tmp_path / "scratch", name="rows").collect()
    assert table["a"].str.len_bytes().to_list() == [9 << 20, 1]
