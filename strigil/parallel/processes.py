"""Jobs in worker processes of this machine, each of which sees its own GPUs alone."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from strigil.common.errors import StrigilError
from strigil.common.progress import Done
from strigil.parallel.devices import VARIABLE, Local, placements
from strigil.parallel.jobs import Died, Finished, Short, Task, attempt

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True)
class _Progress:
    share: float
    detail: str


@dataclass(frozen=True)
class _Result(Generic[R]):
    result: R


@dataclass(frozen=True)
class _Raised:
    error: Exception


@dataclass
class _Seat(Generic[J, R]):
    """A worker process, started with its first job, and what it does.

    Attributes:
        share: Of its job that is done.
        again: Whether this is the job's second try.
    """

    work: Callable[[J, Done], R]
    devices: str | None
    place: int = -1
    task: Task[J] | None = None
    share: float = 0.0
    again: bool = False
    process: SpawnProcess | None = None
    line: Connection | None = None

    def give(self, place: int, task: Task[J], *, again: bool = False) -> None:
        self.place, self.task, self.share, self.again = place, task, 0.0, again
        try:
            (self.line or self._start()).send(task)
        except ConnectionError:
            # It died while it had nothing to do.
            self.bury()
            self._start().send(task)

    def _start(self) -> Connection:
        context = get_context("spawn")
        line, theirs = context.Pipe()
        process = context.Process(target=_worker, args=(self.work, theirs, self.devices), daemon=True)
        # Only the process holds its end then, so that its death ends the line.
        with theirs:
            process.start()
        self.line, self.process = line, process
        return line

    def bury(self) -> Died:
        """Why the process is no more."""
        process, self.process, self.line = self.process, None, None
        if process is None:
            return Died("its process is gone")
        process.join()
        status = process.exitcode or 0
        if status >= 0:
            return Died(f"its process ended with status {status}", memory=False)
        name = signal.Signals(-status).name
        likely = ", as one is that takes too much memory" if -status == signal.SIGKILL else ""
        return Died(f"its process was ended by {name}{likely}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.join()


def run_here(
    tasks: Iterable[Task[J]],
    work: Callable[[J, Done], R],
    size: Local,
    *,
    on_progress: Done,
    on_note: Callable[[str], None],
) -> Iterator[Finished[R | Died]]:
    """As `run_jobs`, in processes of this machine.

    Raises:
        Exception: What a job raised; the other jobs are stopped.
        ConfigError: There are too few GPUs.
    """
    source = enumerate(tasks)
    seats: list[_Seat[J, R]] = [_Seat(work, devices) for devices in placements(size)]
    done = 0
    try:
        while True:
            for seat in seats:
                if seat.task is None and (item := next(source, None)) is not None:
                    seat.give(*item)
            lines = {seat.line: seat for seat in seats if seat.task is not None and seat.line is not None}
            if not lines:
                return
            for line in wait(list(lines)):
                if not isinstance(line, Connection):
                    continue
                task = lines[line].task
                finished, detail = _hear(lines[line], line, on_note)
                done += finished is not None
                share = sum(seat.share for seat in seats if seat.task is not None)
                on_progress(done + share, ", ".join(filter(None, [None if task is None else task.name, detail])))
                if finished is not None:
                    yield finished
    finally:
        for seat in seats:
            seat.stop()


def _hear(seat: _Seat[J, R], line: Connection, on_note: Callable[[str], None]) -> tuple[Finished[R | Died] | None, str]:
    """What a worker has to say: its job's end, if it is that, and what it says of itself."""
    task = seat.task
    try:
        told = line.recv()
    except (EOFError, ConnectionResetError):
        death = seat.bury()
        if task is not None and not seat.again:
            on_note(task.once_more(death.reason))
            seat.give(seat.place, task.second, again=True)
            return None, ""
        seat.task = None
        return Finished(seat.place, death), ""
    match told:
        case _Progress(share, detail):
            seat.share = share
            return None, detail
        case _Raised(error):
            raise error
        case Short(reason):
            if task is not None:
                on_note(task.once_more(reason))
                seat.give(seat.place, task.second, again=True)
        case _Result(result):
            seat.task = None
            return Finished(seat.place, result), ""
    return None, ""


def _worker(work: Callable[[J, Done], R], line: Connection, devices: str | None) -> None:
    if devices is not None:
        os.environ[VARIABLE] = devices
    Thread(target=_die_with_parent, daemon=True).start()

    def tell(share: float, detail: str = "") -> None:
        line.send(_Progress(share, detail))

    while True:
        try:
            task = line.recv()
        except EOFError:
            return
        try:
            result = attempt(task, work, tell)
            line.send(result if isinstance(result, Short) else _Result(result))
        except StrigilError as error:
            line.send(_Raised(error))
        except Exception as error:
            # A mistake in the program, whatever a job raises or in a result that cannot be sent: it is handed on whole,
            # so that the parent raises it, where it may be read, and does not take it for a process that died.
            error.add_note(f"in a worker process, at {task.name}:\n{''.join(traceback.format_exception(error))}")
            line.send(_Raised(error))
            raise SystemExit(1) from error


def _die_with_parent() -> None:
    """A parent that is killed cannot stop its workers, which would go on writing what the next run writes too."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
