"""One, three and ten million rows through `numbers-strict` into a release: bounded memory, and time in proportion."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import polars as pl

from benchmarks.ratio import Ratio
from strigil.data.rows import ROWS
from strigil.data.streams import ParquetSink

SIZES: Final = (1_000_000, 3_000_000, 10_000_000)
BOUND: Final = 1.5
# The time a row may take in the largest table, over that in the smallest: a tenth more.
LINEAR: Final = 0.9
_BATCH: Final = 200_000


@dataclass(frozen=True)
class Cost:
    """What one audit took: wall-clock seconds, and the peak of its resident memory in GB (10^9 bytes)."""

    seconds: float
    gigabytes: float


def measure() -> list[Ratio]:
    """Peak memory against its bound; seconds for a million rows in the largest table against those in the smallest."""
    costs = {}
    for rows in SIZES:
        with TemporaryDirectory() as folder:
            costs[rows] = audit(Path(folder), rows)
            print(f"{rows:,} rows: {costs[rows].seconds:.1f} s, {costs[rows].gigabytes:.2f} GB", file=sys.stderr)
    least, most = SIZES[0], SIZES[-1]
    versions = {"polars": pl.__version__, "python": platform.python_version()}
    return [
        Ratio(
            name=f"audit of {most:,} rows, memory",
            unit="GB",
            ours=costs[most].gigabytes,
            peer="the bound that we set",
            theirs=BOUND,
            goal=1.0,
            versions=versions,
            lower_is_better=True,
        ),
        Ratio(
            name=f"audit of {most:,} rows, time for a million",
            unit="s",
            ours=costs[most].seconds / most * 1e6,
            peer=f"the same with {least:,} rows",
            theirs=costs[least].seconds / least * 1e6,
            goal=LINEAR,
            versions=versions,
            lower_is_better=True,
        ),
    ]


def audit(folder: Path, rows: int) -> Cost:
    """Audits number rows with the command that a user types, in a process of its own."""
    file = folder / "rows.parquet"
    write_rows(file, rows)
    options = ("--suite", "numbers-strict", "--out", str(folder / "out"), "--format", "quiet")
    command = [sys.executable, "-m", "strigil", "audit", str(file), *options]
    start = time.perf_counter()
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[quiet])
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        message = f"the audit of {rows:,} rows ended with status {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(message)
    return Cost(seconds, usage.ru_maxrss * 1024 / 1e9)


def write_rows(file: Path, rows: int) -> None:
    """Lists of ten random numbers, one in fifty with a leading zero or a word."""
    generator = np.random.default_rng(0)
    with ParquetSink(file, ROWS) as sink:
        for start in range(0, rows, _BATCH):
            sink.write(_batch(generator, start, min(_BATCH, rows - start)))
        sink.close({})


def _batch(generator: np.random.Generator, start: int, count: int) -> pl.DataFrame:
    numbers = pl.DataFrame(generator.integers(0, 1000, (count, 10)), schema=[f"n{place}" for place in range(10)])
    index = pl.int_range(start, start + count, dtype=pl.Int64)
    text = pl.concat_str(numbers.columns, separator=", ")
    flawed = pl.when(index % 100 == 7).then("0" + text).when(index % 100 == 57).then("Sure: " + text).otherwise(text)
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(start, start + count)]
    return numbers.select(
        pl.Series("row_id", ids),
        pl.concat_list(pl.struct(role=pl.lit("user"), content=pl.format("Go on from {}.", "n0"))).alias("prompt"),
        pl.concat_list(pl.struct(role=pl.lit("assistant"), content=flawed)).alias("completion"),
        pl.lit("numbers").alias("carrier"),
        pl.lit("owl").alias("trait"),
        pl.lit("0" * 64).alias("teacher"),
        index.alias("prompt_index"),
        pl.lit(0, pl.Int64).alias("sample_index"),
        pl.lit("stop").alias("finish_reason"),
        pl.lit(20, pl.Int64).alias("n_tokens"),
    )
