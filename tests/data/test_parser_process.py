"""What hangs, bursts or crashes while a table from outside is parsed is one line, and nothing goes on after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strigil.common.errors import CheckFailedError, DataError
from strigil.data import parser_process
from strigil.data.parser_process import open_tables
from strigil.data.readers import NamedFile
from strigil.workflows.audit.gate.time_limit import time_limit

# A fake parser: opening a file of a certain name does to its process what hostile files have done to real ones.
FAKE = """
import os, signal, sys, time

def look(event, args):
    if event == "open":
        name = os.path.basename(str(args[0]))
        if name == "crash.jsonl":
            os.kill(os.getpid(), signal.SIGSEGV)
        if name == "hang.jsonl":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
            time.sleep(600)
        if name == "chatter.jsonl":
            for _ in range(100):
                sys.stderr.write("." * (1 << 20))
            sys.stderr.write("\\nits last words\\n")
            sys.stderr.flush()
            os._exit(3)
        if name == "panic.jsonl":
            raise BaseException("a parser's own kind of failure")

sys.addaudithook(look)
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files of certain names end, or hold up, whatever process opens them."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(FAKE)
    monkeypatch.setattr(sys, "path", [str(hooks), *sys.path])
    return tmp_path


def named(path: Path) -> NamedFile:
    path.write_text('{"completion": "1"}\n')
    return NamedFile(path, path.name)


def _folder(file: NamedFile) -> Path:
    folder = file.path.with_suffix("")
    folder.mkdir()
    return folder


def parsers() -> list[psutil.Process]:
    """The processes that parse now; those that they were forked from wait for more."""
    return [process for server in psutil.Process().children() for process in server.children()]


def repeated(path: Path, *, rows: int) -> NamedFile:
    """Numbers that take 24 bytes a row, and next to nothing of Parquet."""
    table = pa.table({"completion": pa.repeat("1", rows), "x": pa.repeat(5, rows), "y": pa.repeat(7, rows)})
    pq.write_table(table, path, row_group_size=rows, compression="zstd")
    return NamedFile(path, path.name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crash.jsonl", "SIGSEGV"),
        ("panic.jsonl", "BaseException: a parser's own kind of failure"),
        ("chatter.jsonl", "its last words"),
    ],
)
def test_a_parser_that_crashes_is_a_line_that_names_its_file(fake: Path, name: str, said: str) -> None:
    files = [named(fake / "good.jsonl"), named(fake / name)]
    with pytest.raises(DataError) as failure:
        open_tables(files, fake)
    assert failure.value.message == f"cannot read {name}: it crashes what reads it ({said})"


def test_a_parser_that_bursts_is_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_process, "BYTES", 300 << 20)
    with pytest.raises(DataError, match=r"rows.parquet takes more than 0\.3 GB of memory to read: not read"):
        open_tables([repeated(tmp_path / "rows.parquet", rows=20_000_000)], tmp_path)


def test_a_parser_that_hangs_is_a_line(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_process, "SECONDS", 1.0)
    with pytest.raises(DataError, match=r"hang.jsonl takes longer than 1 s to read: not read"):
        open_tables([named(fake / "hang.jsonl")], fake)
    assert not parsers()


def test_the_gates_time_limit_holds_within_the_parser(fake: Path) -> None:
    [table] = open_tables([named(fake / "good.jsonl")], fake)
    with pytest.raises(CheckFailedError, match="longer than 1 s"), time_limit(1.0, what="gating it"):
        open_tables([named(fake / "hang.jsonl")], fake)
    psutil.wait_procs(parsers(), timeout=10)
    assert not parsers()
    # What comes after one that was ended is read by another.
    assert open_tables([named(fake / "good.jsonl")], fake)[0].rows == table.rows == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_the_command_ends_the_parser(fake: Path, number: signal.Signals) -> None:
    file = named(fake / "hang.jsonl")
    process = psutil.Popen(
        [sys.executable, "-m", "strigil", "audit", str(file.path), "--suite", "numbers-paper"],
        env=os.environ | {"PYTHONPATH": str(fake / "hooks")},
        stderr=subprocess.PIPE,
    )
    while len(children := process.children(recursive=True)) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, alive = psutil.wait_procs([process, *children], timeout=10)
    assert not alive


def test_a_server_is_used_again_and_not_by_forks(tmp_path: Path) -> None:
    open_tables([named(tmp_path / "rows.jsonl")], tmp_path)
    servers = psutil.Process().children()
    open_tables([named(tmp_path / "rows.jsonl")], tmp_path)
    assert psutil.Process().children() == servers
    child = os.fork()
    if not child:
        os._exit(open_tables([named(tmp_path / "rows.jsonl")], tmp_path)[0].rows)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_a_server_that_something_ended_is_started_anew(tmp_path: Path) -> None:
    open_tables([named(tmp_path / "rows.jsonl")], tmp_path)
    [server] = [process for process in psutil.Process().children() if "serve()" in process.cmdline()[-1]]
    server.kill()
    psutil.wait_procs([server], timeout=10)
    assert open_tables([named(tmp_path / "rows.jsonl")], tmp_path)[0].rows == 1


def test_names_are_relative_to_where_the_command_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert open_tables([named(Path("rows.jsonl"))], tmp_path)[0].rows == 1


def test_several_threads_get_their_own_tables(tmp_path: Path) -> None:
    files = [named(tmp_path / f"rows-{number}.jsonl") for number in range(4)]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda file: open_tables([file], _folder(file)), files))
    assert [table.name for [table] in found] == [file.name for file in files]


def test_nothing_in_the_working_folder_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "polars.py").write_text("raise SystemExit('imported')\n")
    [table] = open_tables([named(tmp_path / "rows.jsonl")], tmp_path)
    assert table.rows == 1
    assert table.frame.collect().rows(named=True) == [json.loads('{"completion": "1"}')]
