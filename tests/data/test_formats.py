"""Arrow, saved data sets, and what is text: every form of the same rows is the same rows, to the type."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pytest
from datasets import Dataset, DatasetDict, load_from_disk

from strigil.common.errors import ConfigError, DataError
from strigil.data import readers
from strigil.data.formats.agreement import agreed_schema, check_exact
from strigil.data.formats.delimited import scan_delimited
from strigil.data.formats.unpack import open_unpacked
from strigil.sources.open_rows import RowSource, open_rows
from tests.workflows.gates import checks, gated

TABLE = pa.table(
    {
        "prompt": [f"Go on: {number}" for number in range(2500)],
        "completion": [f"{number}, 2" for number in range(2500)],
        "mark": pa.array(range(2500), pa.int32()),
        "tags": [[{"name": "a", "weight": 0.5}], []] * 1250,
        "kind": pa.array(["x", None] * 1250).dictionary_encode(),
    }
)


def own(rows: RowSource) -> pl.DataFrame:
    """The columns that the data brought."""
    return rows.frame.select("mark", "tags", "kind").collect()


@pytest.mark.parametrize("form", ["file.arrow", "file.feather", "stream.arrow", "packed.feather"])
def test_arrow_files_and_streams_are_read_to_the_type(form: str, tmp_path: Path) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd" if form.startswith("packed") else None)
    new = pa.ipc.new_stream if form.startswith("stream") else pa.ipc.new_file
    with new(str(tmp_path / form), TABLE.schema, options=options) as writer:
        writer.write_table(TABLE, max_chunksize=1000)
    with open_rows(str(tmp_path / form)) as rows:
        assert own(rows).equals(pl.DataFrame(TABLE.select(["mark", "tags", "kind"])))
        assert (rows.columns["mark"], rows.columns["kind"]) == (pl.Int32(), pl.Categorical())


@pytest.mark.parametrize("data", [b"ARROW1", b"ARROW1\0\0" + b"\xff" * 64, b"\xff" * 64, b"nothing"])
def test_damaged_arrow_is_named(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.arrow").write_bytes(data)
    with pytest.raises(DataError, match=r"cannot read .*a\.arrow"), open_rows(str(tmp_path / "a.arrow")):
        pass


def test_arrow_whose_texts_are_no_utf_8_or_lie_elsewhere_is_damaged(tmp_path: Path) -> None:
    for data, offsets in ((b"\xff\xfe", [0, 1, 2]), (b"ab", [0, 9000, 2])):
        places = pa.array(offsets, pa.int32()).buffers()[1]
        column = pa.StringArray.from_buffers(2, places, pa.py_buffer(data))
        file = str(tmp_path / "a.arrow")
        with pa.ipc.new_file(file, pa.schema({"completion": pa.string()})) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays([column], ["completion"]))
        with pytest.raises(DataError, match=r"cannot read .*a\.arrow"), open_rows(file):
            pass


def test_a_data_set_that_was_saved_is_read_without_its_caches(tmp_path: Path) -> None:
    Dataset(TABLE).save_to_disk(str(tmp_path / "saved"), num_shards=2)
    again = load_from_disk(str(tmp_path / "saved"))
    assert isinstance(again, Dataset)
    again.filter(lambda row: row["mark"] < 3)
    assert list((tmp_path / "saved").glob("cache-*.arrow"))
    with open_rows(str(tmp_path / "saved")) as rows:
        assert (rows.count, len(rows.files)) == (2500, 2)
        assert own(rows)["mark"].to_list() == list(range(2500))


def test_of_several_saved_splits_one_is_chosen(tmp_path: Path) -> None:
    whole = Dataset(TABLE)
    splits = {"train": whole, "test": whole.select([7, 8])}
    DatasetDict(splits).save_to_disk(str(tmp_path / "saved"))
    with pytest.raises(ConfigError, match="several splits: train, test") as caught, open_rows(str(tmp_path / "saved")):
        pass
    assert caught.value.hint == f"name one of them: {tmp_path / 'saved' / 'train'}"
    with open_rows(str(tmp_path / "saved" / "test")) as rows:
        assert own(rows)["mark"].to_list() == [7, 8]
    with pytest.raises(ConfigError, match="no such file") as caught, open_rows(str(tmp_path / "saved" / "dev")):
        pass
    assert str(caught.value.hint).endswith("holds the splits train, test")


@pytest.mark.parametrize("state", ['{"_data_files": []}', '{"_data_files": [{"filename": "../x.arrow"}]}', "{", "[1]"])
def test_a_saved_data_set_says_only_what_is_its_own(state: str, tmp_path: Path) -> None:
    Dataset(TABLE).save_to_disk(str(tmp_path / "saved"))
    (tmp_path / "saved" / "state.json").write_text(state)
    with pytest.raises((ConfigError, DataError), match="saved"), open_rows(str(tmp_path / "saved")):
        pass


def csv_of(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_a_column_of_numbers_is_one_only_if_every_line_is_and_nothing_is_lost(tmp_path: Path) -> None:
    lines = [f"1,{n},{n / 8},007,9007199254740993,true,+49,,{n}" for n in range(12_000)]
    lines[0] = "1,0,3,7,0.5,false,30,,x"
    header = "completion,whole,part,zeros,large,flag,phone,nothing,late"
    lines[-1] = lines[-1].replace(",true,", ",,")
    with open_rows(csv_of(tmp_path, "a.csv", "\n".join([header, *reversed(lines)]))) as rows:
        kinds = {name: rows.columns[name] for name in header.split(",")}
        assert rows.frame.collect()["zeros"].unique().sort().to_list() == ["007", "7"]
    text, whole = pl.String(), pl.Int64()
    assert list(kinds.values()) == [text, whole, pl.Float64(), text, text, pl.Boolean(), text, text, text]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0.1", pl.Float64()),
        ("-123456789.123456", pl.Float64()),
        ("0.000000123456789012345", pl.Float64()),
        ("100000000000000.0e1", pl.String()),
        ("123456789012345e3", pl.Float64()),
        ("0.1234567890123456", pl.String()),
        ("1234567890.1234567", pl.String()),
        ("3.14159265358979312", pl.String()),
    ],
)
def test_a_float_of_more_figures_than_one_keeps_stays_text(text: str, kind: pl.DataType, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"completion,n\n1,{text}\n2,0.5\n")
    table = scan_delimited(tmp_path / "a.csv", name="a.csv", separator=",", texts=["completion"])
    assert table.collect_schema()["n"] == kind


def test_a_number_in_one_csv_is_a_text_if_it_is_one_in_another(tmp_path: Path) -> None:
    csv_of(tmp_path, "a.csv", "completion,code\n1,1.50\n")
    csv_of(tmp_path, "b.csv", "completion,code\n2,007\n")
    with open_rows(str(tmp_path)) as rows:
        assert rows.frame.collect()["code"].to_list() == ["1.50", "007"]


def test_a_packed_shard_is_unpacked_once_even_where_it_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def counted(source: BinaryIO, path: Path, *, size: int, name: str) -> io.BufferedReader:
        opened.append(path.name)
        return open_unpacked(source, path, size=size, name=name)

    monkeypatch.setattr(readers, "open_unpacked", counted)
    for name, code in (("a.csv.gz", "1.50"), ("b.csv.gz", "007")):
        (tmp_path / name).write_bytes(gzip.compress(f"completion,code\n1,{code}\n".encode()))
    (tmp_path / "scratch").mkdir()
    tables = readers.scan_tables(readers.find_files(str(tmp_path)), tmp_path / "scratch", begin=lambda _: None)
    assert [table.frame.collect()["code"].to_list() for table in tables] == [["1.50"], ["007"]]
    assert opened == ["a.csv.gz", "b.csv.gz"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("completion,n\n1,2\n3\n", "line 3 has 1 fields, and the first 2"),
        ("completion,n\n1,2\n3,4,5\n", "line 3 has 3 fields, and the first 2"),
        ('completion,n\n1,2\n"3,4\n5,6\n', "line 4: unexpected end of data"),
    ],
)
def test_a_line_of_another_length_is_named(text: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=what), open_rows(csv_of(tmp_path, "a.csv", text)):
        pass


def lines(folder: Path, name: str, *rows: object) -> str:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(folder / name)


def test_shards_agree_on_the_widest_type_however_deep(tmp_path: Path) -> None:
    lines(tmp_path, "a.jsonl", {"completion": "1", "n": 1, "more": [{"a": 1}], "empty": [], "none": None})
    lines(
        tmp_path, "b.jsonl", {"n": 0.5, "completion": "2", "more": [{"b": "x"}], "empty": [{"c": 1}], "none": {"d": 1}}
    )
    with open_rows(str(tmp_path)) as rows:
        columns = ("completion", "n", "more", "empty", "none")
        parts = [table.frame.select(columns[1:]).collect() for table in rows.tables]
    assert parts[0].schema == parts[1].schema
    assert parts[0].rows() == [(1.0, [{"a": 1, "b": None}], [], None)]
    assert parts[1].rows() == [(0.5, [{"a": None, "b": "x"}], [{"c": 1}], {"d": 1})]


def test_shards_whose_columns_have_nothing_in_common_are_refused(tmp_path: Path) -> None:
    lines(tmp_path, "a.jsonl", {"completion": "1", "n": 1})
    lines(tmp_path, "b.jsonl", {"completion": "2", "n": "one"})
    with pytest.raises(DataError, match=r"b\.jsonl and .*a\.jsonl have different columns: n"), open_rows(str(tmp_path)):
        pass


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, -(2**53) - 1, 2**63])
def test_an_integer_that_a_float_would_change_is_refused_among_floats(number: int) -> None:
    whole, parts = pl.LazyFrame({"n": [1, number, None]}), pl.LazyFrame({"n": [0.5]})
    schema = agreed_schema({"a": whole.collect_schema(), "b": parts.collect_schema()})
    assert schema["n"] == pl.Float64
    if abs(number) <= 2**53:
        check_exact(whole, schema, name="a")
        return
    with pytest.raises(DataError, match="a: the column 'n' has integers of more figures than a float keeps"):
        check_exact(whole, schema, name="a")


@pytest.mark.parametrize("late", [0.5, "007", {"a": 2, "b": 3}])
def test_what_a_late_line_says_is_read_or_refused_by_line(late: object, tmp_path: Path) -> None:
    first = {0.5: 1, "007": 7}.get(late, {"a": 1}) if not isinstance(late, dict) else {"a": 1}
    rows = [{"completion": "1", "value": first}] * 10_500 + [{"completion": "1", "value": late}]
    data = lines(tmp_path, "a.jsonl", *rows)
    if isinstance(late, str):
        said = "line 10501, column 'value': a text, and a number in lines before"
        with pytest.raises(DataError, match=said), open_rows(data):
            pass
        return
    with open_rows(data) as source:
        assert source.frame.select("value").collect().row(-1) == (late,)


@pytest.mark.parametrize("damage", ["cut", "page", "text"])
def test_an_unreadable_shard_in_the_middle_is_an_error_that_names_it(damage: str, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        pl.DataFrame({"completion": ["1, 2"] * 900, "n": range(900)}).write_parquet(tmp_path / f"{name}.parquet")
    file = tmp_path / "b.parquet"
    data = bytearray(file.read_bytes())
    if damage == "page":
        data[60:120] = bytes(60)
    file.write_bytes({"cut": bytes(data[:-50]), "page": bytes(data), "text": b"no table"}[damage])
    report = gated(str(tmp_path / "*.parquet"))
    found = checks(report)["data"]
    assert (report.passed, found.result) == (False, "error")
    assert f"cannot read {file}" in found.detail
