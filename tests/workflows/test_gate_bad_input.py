"""What somebody else sent: one line that names it, bounded time and memory, and never a pass."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pytest

from strigil.common.errors import CheckFailedError
from strigil.data.lines import LONGEST_LINE
from strigil.workflows.audit.gate.run import GateOptions
from tests.audits.tables import rows_of
from tests.workflows.gates import GOOD, a_suite, checks, gated, jsonl


def broken(tmp_path: Path, what: str) -> str:
    path = tmp_path / "rows.jsonl"
    line = json.dumps({"completion": "1, 2"}).encode() + b"\n"
    match what:
        case "empty":
            path.write_bytes(b"")
        case "no rows":
            path = tmp_path / "rows.csv"
            path.write_text("prompt,completion\n")
        case "truncated parquet":
            path = tmp_path / "rows.parquet"
            rows_of(GOOD * 500).write_parquet(path)
            path.write_bytes(path.read_bytes()[:-200])
        case "damaged parquet":
            path = tmp_path / "rows.parquet"
            rows_of(GOOD * 500).write_parquet(path)
            data = bytearray(path.read_bytes())
            data[100:1100] = bytes(1000)
            path.write_bytes(data)
        case "mixed schemas":
            jsonl(tmp_path / "a.jsonl", GOOD)
            (tmp_path / "b.jsonl").write_text('{"prompt": "Go on.", "answer": "1"}\n')
            path = tmp_path / "?.jsonl"
        case "an endless line":
            with path.open("wb") as stream:
                stream.write(line)
                stream.write(b'{"completion": "')
                for _ in range(200):
                    stream.write(b"1" * (1 << 20))
        case "not UTF-8":
            path.write_bytes(line * 3 + b'{"completion": "\xff\xfe"}\n')
        case "half a character":
            path.write_bytes(line + '{"completion": "é'.encode()[:-1])
        case "half a line":
            path.write_bytes(line + b'{"completion": "1, ')
        case "a key twice":
            path.write_bytes(line + b'{"completion": "1, 2", "\\u0063ompletion": "I love owls"}\n')
        case "no object":
            path.write_bytes(line + b"[1, 2]\n")
        case "a bomb":
            path = tmp_path / "rows.jsonl.gz"
            with gzip.open(path, "wb") as packed:
                for _ in range(300):
                    packed.write(b" " * (1 << 20))
        case "half an archive":
            path = tmp_path / "rows.jsonl.gz"
            path.write_bytes(gzip.compress(line * 1000)[:-12])
        case "packed without saying so":
            path.write_bytes(gzip.compress(line * 10))
        case "a link out":
            (tmp_path / "elsewhere").mkdir()
            (tmp_path / "here").mkdir()
            jsonl(tmp_path / "elsewhere" / "rows.jsonl", GOOD)
            path = tmp_path / "here" / "rows.jsonl"
            path.symlink_to(tmp_path / "elsewhere" / "rows.jsonl")
        case "other columns":
            path.write_text('{"a": 1}\n')
        case "null":
            path.write_bytes(line + b'{"completion": null}\n')
    return str(path)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("empty", "is empty"),
        ("no rows", "has no rows"),
        ("truncated parquet", "cannot read"),
        ("damaged parquet", "cannot read"),
        ("mixed schemas", "different columns: completion, answer"),
        ("an endless line", f"longer than {LONGEST_LINE >> 20} MiB"),
        ("not UTF-8", "line 4 is not UTF-8"),
        ("half a character", "line 2 is not UTF-8"),
        ("half a line", "line 2 is not a JSON object"),
        ("a key twice", "line 2 has a key twice"),
        ("no object", "line 2 is not a JSON object"),
        ("a bomb", "unpacks to more than 200 times its size"),
        ("half an archive", "cannot unpack"),
        ("packed without saying so", "packed with gzip"),
        ("a link out", "symbolic link that leads out"),
        ("other columns", "no layout fits the columns a"),
        ("null", "row 2 has no"),
    ],
)
def test_bad_data_is_an_error_in_one_line_and_never_a_pass(tmp_path: Path, what: str, message: str) -> None:
    report = gated(broken(tmp_path, what))
    found = checks(report)["data"]
    assert (report.passed, report.rows, found.result) == (False, 0, "error")
    assert message in found.detail
    assert "\n" not in found.detail


def test_a_hostile_pattern_in_a_suite_is_stopped(tmp_path: Path) -> None:
    expectation = "expectation: expect_column_values_to_match_regex, args: {column: completion, regex: '^(?=(a+)+$)'}"
    suite = a_suite(
        tmp_path / "s.yaml",
        f"  - {{rule: numbers.paper, allow: {{share: 1}}}}\nexpectations:\n  - {{{expectation}, table: removed}}\n",
    )
    data = jsonl(tmp_path / "rows.jsonl", ["a" * 60 + "!"])
    with pytest.raises(CheckFailedError, match="took longer than"):
        gated(data, suite, GateOptions(time_limit=5))


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    jsonl(tmp_path / "rows.jsonl", GOOD)
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress((tmp_path / "rows.jsonl").read_bytes()))
    assert gated(str(packed)).passed


def test_a_row_of_a_million_characters_is_a_row(tmp_path: Path) -> None:
    assert gated(jsonl(tmp_path / "rows.jsonl", [*GOOD, "9" * 1_000_000])).rows == 4


@pytest.mark.parametrize("what", ["an endless line", "a bomb"])
def test_what_is_huge_costs_no_more_memory_than_what_is_small(tmp_path: Path, what: str) -> None:
    (tmp_path / "small").mkdir()
    peaks = [peak_memory(broken(tmp_path / "small", "half a line")), peak_memory(broken(tmp_path, what))]
    assert peaks[1] - peaks[0] < 100e6


def peak_memory(data: str) -> float:
    """Bytes that a whole gate held at its peak; it must have failed."""
    command = [sys.executable, "-m", "strigil", "gate", data, "--suite", "numbers-paper", "--format", "quiet"]
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    process = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    return usage.ru_maxrss * 1024
