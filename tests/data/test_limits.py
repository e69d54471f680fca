"""A table from outside that is far more than its size, too deep or too wide is one line, in little time and memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strigil.common.errors import DataError
from strigil.data.limits import check_parquet
from strigil.data.parser_process import open_tables
from strigil.data.readers import NamedFile

LIMIT, MEMORY = 5, 2 << 30


def deep(path: Path) -> None:
    value: object = 1
    for _ in range(600):
        value = {"a": value}
    path.write_text(json.dumps({"prompt": "x", "completion": "1, 2", "deep": value}) + "\n")


def deep_lists(path: Path) -> None:
    path.write_text('{"completion": "1", "deep": ' + "[" * 200_000 + "]" * 200_000 + "}\n")


def wide(path: Path) -> None:
    with path.open("w") as stream:
        for line in range(10_000):
            keys = ", ".join(f'"k{line}_{key}": {key}' for key in range(60))
            stream.write(f'{{"completion": "1, 2", {keys}}}\n')


def wide_csv(path: Path) -> None:
    path.write_text(",".join(f"c{column}" for column in range(200_000)) + "\n" + ",".join(["1"] * 200_000) + "\n")


def unpacking(path: Path, *, dictionary: bool) -> None:
    """4.8 GB of texts in a few hundred kilobytes, or in one."""
    writer = None
    for _ in range(12):
        table = pa.table({"prompt": ["x"] * 400, "completion": ["a" * 1_000_000] * 400})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=dictionary)
        writer.write_table(table)
    if writer is not None:
        writer.close()


TABLES: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "600 nested objects": ("a.jsonl", deep, "nested more than 64 deep"),
    "200,000 nested lists": ("a.jsonl", deep_lists, "nested more than 64 deep"),
    "10,000 lines of 60 new keys": ("a.jsonl", wide, "more than 2,000 columns"),
    "200,000 columns": ("a.csv", wide_csv, "more than 2,000 columns"),
    "Parquet of 4.8 GB": (
        "a.parquet",
        lambda path: unpacking(path, dictionary=False),
        "unpacks to more than 200 times",
    ),
    "Parquet of one text": (
        "a.parquet",
        lambda path: unpacking(path, dictionary=True),
        "unpacks to more than 200 times",
    ),
}


def in_little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


@pytest.mark.parametrize("what", TABLES)
def test_it_is_one_line_within_the_limits_of_the_gate(tmp_path: Path, what: str) -> None:
    name, make, said = TABLES[what]
    make(tmp_path / name)
    began = time.monotonic()
    options = ["--suite", "numbers-paper", "--time-limit", str(LIMIT), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "strigil", "gate", str(tmp_path / name), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=in_little_memory,
    )
    assert done.returncode == 1, done.stderr
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    # Starting takes seconds on a busy machine.
    assert time.monotonic() - began < 2 * LIMIT + 20


def test_repeated_columns_of_real_data_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    numbers = pl.int_range(200_000, eager=True).cast(pl.String)
    pl.DataFrame({"teacher": ["7e" * 32] * 200_000, "completion": numbers}).write_parquet(file)
    check_parquet(file, name="rows.parquet")
    assert open_tables([NamedFile(file, "rows.parquet")], tmp_path)[0].rows == 200_000


def test_brackets_in_texts_are_no_depth(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"completion": '[{"\\' * 500, "more": [[1]]}) + "\n")
    assert open_tables([NamedFile(file, "rows.jsonl")], tmp_path)[0].rows == 1


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\xff" * 64 + b"PAR1", b""])
def test_what_is_no_parquet_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(data)
    with pytest.raises(DataError, match="cannot read it"):
        check_parquet(tmp_path / "a.parquet", name="it")
