"""Tables from outside, parsed apart: what hangs, bursts or crashes a parser ends its process, and not the command.

A parser reads every value once and gives back scans, no rows: what is scanned later was parsed before, within its
limits.
"""

from __future__ import annotations

import io
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from strigil.common.errors import DataError, StrigilError, first_line
from strigil.data.parser_job import Ended, Job

if TYPE_CHECKING:
    from strigil.data.readers import NamedFile, Table

# Real tables need less: half a gigabyte for what was packed best, and not a second for ten megabytes.
BYTES: Final = 1536 << 20
BYTES_PER_BYTE: Final = 16
SECONDS: Final = 600.0
SECONDS_PER_BYTE: Final = 1e-6
# Each takes memory for its stack, and for what it reads ahead.
_THREADS: Final = 8
# A backtrace takes memory: polars that has none left would wait without end for the lock of the one it prints.
_QUIET: Final = {"RUST_BACKTRACE": "0", "RUST_LIB_BACKTRACE": "0"}
_SERVER: Final = "strigil.data.parser_server"
_OUT_OF_MEMORY: Final = ("memory allocation", "MemoryError", "bad_alloc", "Cannot allocate", "malloc of size")


def start_parser() -> None:
    """Has the parsers' libraries load while whoever calls loads its own; `open_tables` waits for them otherwise."""
    _running()


def open_tables(files: Sequence[NamedFile], folder: Path) -> list[Table]:
    """Parses files that must have the same columns, in a process of its own that ends with this call.

    Args:
        files: The files.
        folder: Receives what packed files hold; it must outlive the tables.

    Raises:
        DataError: A file is empty, damaged, not UTF-8, has an endless line or other columns than the first; or it takes
            more time or memory than any table of its size, or crashes what parses it.
        PrerequisiteError: The disk of the folder is full.
    """
    sizes = [file.path.stat().st_size for file in files]
    memory, seconds = BYTES + max(sizes) * BYTES_PER_BYTE, SECONDS + sum(sizes) * SECONDS_PER_BYTE
    ended = _running().parse(Job(tuple(files), _working(), folder, memory, seconds))
    begun = files[0].name
    for answer in _unpickled(ended.answers):
        if isinstance(answer, StrigilError):
            raise answer
        if isinstance(answer, str):
            begun = answer
        else:
            return answer
    raise _crashed(begun, ended, memory, seconds)


def _working() -> Path:
    """Where relative paths begin; a working folder that is gone has no files."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")


class _Server:
    """The process that parsers are forked from, which saves each of them to load its libraries."""

    def __init__(self, paths: Sequence[str]) -> None:
        threads = str(min(_THREADS, os.cpu_count() or 1))
        # Without -P, what lies in the working folder could be imported. Ctrl-C is for whoever waits for an answer.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"from {_SERVER} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"POLARS_MAX_THREADS": threads}
            | os.environ
            | _QUIET
            | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        self._lock = threading.Lock()
        weakref.finalize(self, _end, self._process)

    @property
    def ended(self) -> bool:
        """Whether nothing can be asked of it any more."""
        return self._process.poll() is not None

    def parse(self, job: Job) -> Ended:
        """How a parser ended that did this job; with an exception here, it ends where it is."""
        with self._lock:
            try:
                return self._answer(job)
            except BaseException:
                _server.cache_clear()
                _end(self._process)
                raise

    def _answer(self, job: Job) -> Ended:
        streams = self._process.stdin, self._process.stdout, self._process.stderr
        questions, answers, words = streams
        if questions is None or answers is None or words is None:
            message = "the parsers' process was started with pipes"
            raise TypeError(message)
        try:
            pickle.dump(job, questions)
            questions.flush()
            # Ctrl-C ends this wait, and not a read: polars has reads go on after it.
            waiting = select.poll()
            waiting.register(answers, select.POLLIN)
            waiting.poll()
            ended: Ended = pickle.load(answers)  # noqa: S301  # from a process that this one started
        except (EOFError, BrokenPipeError):
            return Ended(self._process.wait(), b"", words.read())
        return ended


def _running() -> _Server:
    found = _server(os.getpid(), tuple(sys.path))
    if not found.ended:
        return found
    _server.cache_clear()
    return _server(os.getpid(), tuple(sys.path))


@lru_cache(maxsize=1)
def _server(process: int, paths: tuple[str, ...]) -> _Server:
    """The server of a process, which is not to be used by its forks; other paths have other libraries."""
    del process
    return _Server(paths)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a server, which has nothing to lose, wherever it is."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError):
            if stream is not None:
                stream.close()
    process.wait()


def _unpickled(data: bytes) -> Iterator[str | list[Table] | StrigilError]:
    stream = io.BytesIO(data)
    # One that was ended may have ended within its answer.
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(stream)  # noqa: S301  # from a process that this one started


def _crashed(name: str, ended: Ended, memory: int, seconds: float) -> DataError:
    status, words = ended.status, ended.words.decode(errors="replace")
    if status == -signal.SIGALRM:
        message = f"{name} takes longer than {seconds:,.0f} s to read: not read"
    elif status == -signal.SIGKILL or any(sign in words for sign in _OUT_OF_MEMORY):
        message = f"{name} takes more than {memory / 1e9:.1f} GB of memory to read: not read"
    else:
        how = signal.Signals(-status).name if status < 0 else first_line(words.strip().rpartition("\n")[2])
        message = f"cannot read {name}: it crashes what reads it ({how or f'status {status}'})"
    return DataError(message, hint="a file that somebody made by hand can be like that; write it anew from its rows")
