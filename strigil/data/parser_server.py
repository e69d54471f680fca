"""Forks a process for every job of parsing and tells how it ended; nothing is parsed in this process itself."""

from __future__ import annotations

import os
import pickle
import resource
import select
import selectors
import signal
import sys
import threading
import traceback
from functools import partial
from typing import BinaryIO, Final

from strigil.common.disk import Writing, cannot_write, is_full
from strigil.common.errors import StrigilError
from strigil.data.parser_job import Ended, Job
from strigil.data.readers import Table, scan_tables

_BLOCK: Final = 1 << 16
# The last words say what happened, and whoever prints without end says nothing more.
_LAST_WORDS: Final = 1 << 16


def serve() -> None:
    """Does the jobs that stdin holds, one by one, and pickles to stdout how each ended."""
    jobs, ends = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # A library that prints would end up between the answers.
    os.dup2(2, 1)
    while True:
        try:
            job: Job = pickle.load(jobs)  # noqa: S301  # from the process that started this one
        except EOFError:
            os._exit(0)
        pickle.dump(_done_apart(job), ends)
        ends.flush()


def _done_apart(job: Job) -> Ended:
    answers, answering = os.pipe()
    words, speaking = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(speaking, 1)
            os.dup2(speaking, 2)
            _parse(job, os.fdopen(answering, "wb"))
        except BaseException:  # whatever a parser raises, none goes on as a server
            traceback.print_exc()
        os._exit(1)
    os.close(answering)
    os.close(speaking)
    answered, said = bytearray(), b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(answers, selectors.EVENT_READ)
        waiting.register(words, selectors.EVENT_READ)
        while waiting.get_map():
            for key, _ in waiting.select():
                block = os.read(key.fd, _BLOCK)
                if key.fd == answers:
                    answered += block
                else:
                    said = (said + block)[-_LAST_WORDS:]
                if not block:
                    waiting.unregister(key.fd)
                    os.close(key.fd)
    return Ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), bytes(answered), said)


def _parse(job: Job, out: BinaryIO) -> None:
    """Parses the files; pickles their names, then their tables or an error."""
    os.chdir(job.working)
    threading.Thread(target=_end_with_whoever_waits, daemon=True).start()
    most = resource.getrlimit(resource.RLIMIT_DATA)[1]
    memory = job.memory if most == resource.RLIM_INFINITY else min(job.memory, most)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The kernel ends it, whatever it is in the middle of.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, job.seconds)
    answer: list[Table] | StrigilError
    try:
        with Writing(job.folder):
            answer = scan_tables(job.files, job.folder, begin=partial(_tell, out))
    except StrigilError as error:
        # What holds unpacked files was full, which says nothing about the files.
        full = error.__cause__ is not None and is_full(error.__cause__)
        answer = cannot_write(job.folder, error.__cause__) if full and error.__cause__ is not None else error
    _tell(out, answer)
    os._exit(0)


def _tell(out: BinaryIO, answer: str | list[Table] | StrigilError) -> None:
    pickle.dump(answer, out)
    out.flush()


def _end_with_whoever_waits() -> None:
    """One that is killed cannot stop this process, but its end of the pipe that jobs come through closes."""
    ended = select.poll()
    ended.register(0, 0)
    ended.poll()
    os._exit(1)
