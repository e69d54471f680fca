"""Tables of any size in files of bounded length, whole or not there."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from strigil.common.errors import PrerequisiteError
from strigil.data.form import Form
from strigil.data.rows import ROWS
from strigil.data.streams import ShardedSink
from strigil.workflows.release.audit_rows import TableFiles

SCHEMA = pl.Schema({"n": pl.Int64()})


def batch(start: int, count: int) -> pl.DataFrame:
    return pl.DataFrame({"n": range(start, start + count)}, schema=SCHEMA)


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_table_is_cut_into_files_that_keep_its_order_and_name_their_run(tmp_path: Path) -> None:
    with ShardedSink(tmp_path, SCHEMA, {"strigil.run": "r"}, rows=10) as sink:
        for start in range(0, 24, 4):
            sink.write(batch(start, 4))
        assert not list(tmp_path.glob("*.parquet"))
        sink.close()
    assert names(tmp_path) == [f"part-0000{number}.parquet" for number in range(3)]
    assert [pl.read_parquet(tmp_path / name).height for name in names(tmp_path)] == [8, 8, 8]
    assert pl.read_parquet(tmp_path / "*.parquet")["n"].to_list() == list(range(24))
    assert {pq.read_metadata(tmp_path / name).metadata[b"strigil.run"] for name in names(tmp_path)} == {b"r"}


def test_no_rows_are_one_file_and_a_long_batch_is_not_cut(tmp_path: Path) -> None:
    with ShardedSink(tmp_path / "none", SCHEMA, {}, rows=10) as sink:
        sink.write(batch(0, 0))
        sink.close()
    assert pl.read_parquet(tmp_path / "none" / "part-00000.parquet").schema == SCHEMA
    with ShardedSink(tmp_path / "long", SCHEMA, {}, rows=10) as sink:
        sink.write(batch(0, 25))
        sink.close()
    assert names(tmp_path / "long") == ["part-00000.parquet"]


def test_a_table_that_is_not_closed_leaves_nothing_and_what_a_kill_left_is_removed(tmp_path: Path) -> None:
    with ShardedSink(tmp_path, SCHEMA, {}, rows=1) as sink:
        sink.write(batch(0, 1))
        sink.write(batch(1, 1))
    assert names(tmp_path) == []
    (tmp_path / ".incoming").mkdir()
    for left in ("part-00007.parquet", ".incoming/part-00008.parquet"):
        (tmp_path / left).write_bytes(b"half")
    with ShardedSink(tmp_path, SCHEMA, {}) as sink:
        sink.write(batch(0, 3))
        sink.close()
    assert names(tmp_path) == ["part-00000.parquet"]


def test_a_disk_that_is_full_to_the_end_keeps_nothing_of_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(writer: pq.ParquetWriter) -> None:
        writer.is_open = False
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill() -> None:
        with ShardedSink(tmp_path, SCHEMA, {}) as sink:
            sink.write(batch(0, 4))
            monkeypatch.setattr(pq.ParquetWriter, "close", full)
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(PrerequisiteError, match=r"cannot write .*/part-00000\.parquet: No space left"):
        fill()
    assert names(tmp_path) == []


def test_tables_of_which_one_cannot_be_begun_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "verdicts").write_text("a file where a folder is to be")
    with pytest.raises(OSError, match="verdicts"):
        TableFiles(tmp_path, pl.Schema(ROWS), form=Form())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "verdicts"]
