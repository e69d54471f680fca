"""`--rows N` reads what it needs of a large set: the same rows that are first in the whole, and little besides."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strigil.common.errors import DataError
from strigil.data.layouts.layout import Reading
from strigil.sources.open_rows import open_rows
from tests.data.test_files import zstd

ROWS = [{"prompt": f"Go on:\n{n}", "completion": f'{n}, "{n + 1}"', "n": n} for n in range(5000)]
FIRST = 1200


def as_lines() -> bytes:
    return "".join(json.dumps(row) + "\n\n" for row in ROWS).encode()


def as_csv() -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, ROWS[0])
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def as_arrow(*, stream: bool = False) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist(ROWS)
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)
    return bytes(sink.getvalue())


def as_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink, row_group_size=1000)
    return sink.getvalue()


FORMS: dict[str, Callable[[], bytes]] = {
    "rows.jsonl": as_lines,
    "rows.jsonl.gz": lambda: gzip.compress(as_lines()),
    "marked.jsonl": lambda: b"\xef\xbb\xbf" + as_lines(),
    "rows.json": lambda: json.dumps(ROWS, indent=1).encode(),
    "marked.json.zst": lambda: zstd(b"\xef\xbb\xbf" + json.dumps(ROWS).encode()),
    "rows.csv": as_csv,
    "rows.csv.zst": lambda: zstd(as_csv()),
    "rows.parquet": as_parquet,
    "rows.parquet.gz": lambda: gzip.compress(as_parquet()),
    "file.arrow": as_arrow,
    "stream.arrow": lambda: as_arrow(stream=True),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_first_rows_of_every_form_are_those_of_the_whole(form: str, tmp_path: Path) -> None:
    for name in (f"a/{form}", f"b/{form}"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(FORMS[form]())
    for count in (1, FIRST, len(ROWS) + 1, 3 * len(ROWS)):
        with open_rows(str(tmp_path), reading=Reading(rows=count)) as part, open_rows(str(tmp_path)) as whole:
            assert part.frame.collect().equals(whole.frame.head(count).collect())
            assert part.count == min(count, 2 * len(ROWS))
            assert f"the first {part.count:,} rows alone" in str(part.note)
            assert part.identity != whole.identity


def test_what_comes_after_the_first_rows_is_not_looked_at(tmp_path: Path) -> None:
    data = tmp_path / "rows.jsonl"
    data.write_bytes(as_lines() + b"{\n")
    with open_rows(str(data), reading=Reading(rows=FIRST)) as rows:
        assert rows.count == FIRST
    with pytest.raises(DataError, match="line 10001"), open_rows(str(data)):
        pass


@pytest.mark.parametrize("content", [b"{", b"[1, ", b"[[", b"\xff\xfe", b""])
def test_damage_in_the_first_rows_is_named(content: bytes, tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.json", "a.csv", "a.parquet", "a.arrow", "a.jsonl.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name), open_rows(str(tmp_path / name), reading=Reading(rows=3)):
            pass
