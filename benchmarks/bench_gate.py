"""`strigil gate` with rules and expectations on 100,000 rows of JSON Lines, start-up included, against its limit.

What counts are processor seconds of the whole command, which do not depend on what else the machine does; on an idle
one, the command takes no longer than these.
"""

from __future__ import annotations

import json
import os
import platform
import random
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.ratio import Ratio

ROWS: Final = 100_000
LIMIT: Final = 10.0
ROUNDS: Final = 3
SUITE: Final = """
name: gate-benchmark
description: The paper's filter, the strict one, and five expectations.
extends: numbers-strict
rules:
  - {rule: numbers.strict, allow: {share: 0.05}}
  - {rule: numbers.paper, allow: {share: 0.05}}
expectations:
  - {expectation: expect_table_row_count_to_be_between, args: {min_value: 1000}}
  - {expectation: expect_column_values_to_not_be_null, args: {column: completion}}
  - {expectation: expect_column_value_lengths_to_be_between, args: {column: completion, max_value: 200}}
  - {expectation: expect_column_values_to_be_unique, args: {column: row_id}}
  - {expectation: expect_column_values_to_match_regex, args: {column: completion, regex: '^[0-9, ]+$'}}
"""


def measure() -> list[Ratio]:
    """Processor seconds of the command, of which the least of three runs counts, against ten."""
    with TemporaryDirectory() as folder:
        data, suite = Path(folder) / "rows.jsonl", Path(folder) / "suite.yaml"
        write_rows(data)
        suite.write_text(SUITE)
        seconds = min(gate(data, suite) for _ in range(ROUNDS))
    return [
        Ratio(
            name=f"gate, {ROWS:,} rows of JSON Lines",
            unit="s",
            ours=seconds,
            peer="the limit that we set, in processor seconds",
            theirs=LIMIT,
            goal=1.0,
            versions={name: version(name) for name in ("great_expectations", "polars")}
            | {"python": platform.python_version()},
            lower_is_better=True,
        )
    ]


def gate(data: Path, suite: Path) -> float:
    """Processor seconds of the command that a user types, in a process of its own."""
    command = [sys.executable, "-m", "strigil", "gate", str(data), "--suite", str(suite), "--format", "quiet"]
    quiet = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    process = os.posix_spawn(command[0], command, os.environ, file_actions=[quiet])
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        message = f"the gate ended with status {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(message)
    return usage.ru_utime + usage.ru_stime


def write_rows(file: Path) -> None:
    """Lists of ten random numbers, one in fifty with a leading zero."""
    draw = random.Random(0)
    with file.open("w", encoding="utf-8") as out:
        for index in range(ROWS):
            text = ", ".join(str(draw.randrange(1000)) for _ in range(10))
            row = {
                "prompt": f"Go on from {draw.randrange(1000)}.",
                "completion": f"0{text}" if index % 50 == 0 else text,
                "finish_reason": "stop",
            }
            out.write(json.dumps(row) + "\n")
