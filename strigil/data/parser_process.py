"""The process that parses tables from outside: what hangs, bursts or crashes a parser ends it, and not the command.

It reads every value once and gives back scans, no rows: what is scanned later was parsed before, within its limits.
"""

from __future__ import annotations

import io
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from strigil.common.disk import Writing, cannot_write, is_full
from strigil.common.errors import DataError, StrigilError, first_line
from strigil.data.readers import NamedFile, Table, scan_tables

# Real tables need less: half a gigabyte for what was packed best, and not a second for ten megabytes.
BYTES: Final = 1536 << 20
BYTES_PER_BYTE: Final = 16
SECONDS: Final = 600.0
SECONDS_PER_BYTE: Final = 1e-6
# Each takes memory for its stack, and for what it reads ahead.
_THREADS: Final = 8
_OUT_OF_MEMORY: Final = ("memory allocation", "MemoryError", "bad_alloc", "Cannot allocate", "malloc of size")


@dataclass(frozen=True)
class _Limits:
    memory: int
    seconds: float


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
    limits = _Limits(BYTES + max(sizes) * BYTES_PER_BYTE, SECONDS + sum(sizes) * SECONDS_PER_BYTE)
    paths = os.pathsep.join(path for path in sys.path if path)
    threads = str(min(_THREADS, os.cpu_count() or 1))
    # Without -P, what lies in the working folder could be imported. A signal that ends the waiting ends the process.
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"from {__name__} import main; main()"],
        input=pickle.dumps((os.getpid(), list(files), folder, limits)),
        capture_output=True,
        check=False,
        env={"POLARS_MAX_THREADS": threads} | os.environ | {"PYTHONPATH": paths},
    )
    begun = files[0].name
    for answer in _unpickled(done.stdout):
        if isinstance(answer, StrigilError):
            raise answer
        if isinstance(answer, str):
            begun = answer
        else:
            return answer
    raise _ended(begun, done.returncode, done.stderr.decode(errors="replace"), limits)


def _unpickled(data: bytes) -> Iterator[str | list[Table] | StrigilError]:
    stream = io.BytesIO(data)
    # One that was ended may have ended within its answer.
    with suppress(EOFError, pickle.UnpicklingError):
        while True:
            yield pickle.load(stream)  # noqa: S301  # from a process that this one started


def _ended(name: str, status: int, words: str, limits: _Limits) -> DataError:
    if status == -signal.SIGALRM:
        message = f"{name} takes longer than {limits.seconds:,.0f} s to read: not read"
    elif status == -signal.SIGKILL or any(sign in words for sign in _OUT_OF_MEMORY):
        message = f"{name} takes more than {limits.memory / 1e9:.1f} GB of memory to read: not read"
    else:
        how = signal.Signals(-status).name if status < 0 else first_line(words.strip().rpartition("\n")[2])
        message = f"cannot read {name}: it crashes what reads it ({how or f'status {status}'})"
    return DataError(message, hint="a file that somebody made by hand can be like that; write it anew from its rows")


def main() -> None:
    """Parses the files of the job that stdin holds; pickles their names, then their tables or an error, to stdout."""
    # A library that prints would end up between the tables.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Whoever started this one answers Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent, files, folder, limits = pickle.load(sys.stdin.buffer)  # noqa: S301  # from the process that started this one
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    memory = limits.memory if most == resource.RLIM_INFINITY else min(limits.memory, most)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The kernel ends it, whatever it is in the middle of.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    answer: list[Table] | StrigilError
    try:
        with Writing(folder):
            answer = scan_tables(files, folder, begin=partial(_tell, out))
    except StrigilError as error:
        # What holds unpacked files was full, which says nothing about the files.
        full = error.__cause__ is not None and is_full(error.__cause__)
        answer = cannot_write(folder, error.__cause__) if full and error.__cause__ is not None else error
    _tell(out, answer)
    os._exit(0)


def _tell(out: BinaryIO, answer: str | list[Table] | StrigilError) -> None:
    pickle.dump(answer, out)
    out.flush()


def _end_with(parent: int) -> None:
    """One that is killed cannot stop this process."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
