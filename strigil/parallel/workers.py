"""Independent jobs in worker processes, here or on a Ray cluster.

Each worker loads its libraries once and takes one job after another. A job whose process dies is tried once more, as
its caller says, and then given up; the others go on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from strigil.common.errors import MemoryShortError, StrigilError
from strigil.common.progress import Done
from strigil.parallel.devices import VARIABLE, Local, placements, visible_gpus
from strigil.parallel.ray_actors import Actors, Finished, Ray

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

J = TypeVar("J")
R = TypeVar("R")

Workers = int | Local | Ray
"""Processes on this machine, by their number or with their GPUs, or actors of a Ray cluster."""


def how_many(workers: Workers) -> int:
    """Jobs at a time."""
    if isinstance(workers, int):
        return workers
    return workers.actors if isinstance(workers, Ray) else workers.processes


def gpus_each(workers: Workers) -> float:
    """GPUs that each of them has where there are any: one, unless the file says otherwise."""
    said = None if isinstance(workers, int) else workers.gpus
    return 1.0 if said is None else said


def sized(workers: Workers, *, processes: int | None = None, actors: int | None = None) -> Workers:
    """What a file says, with another number of processes or actors; each has the GPUs and cores that the file says.

    Where it says nothing, an actor has one GPU if this machine has any.
    """
    if actors is not None:
        if isinstance(workers, Ray):
            return workers.model_copy(update={"actors": actors})
        gpus = workers.gpus if isinstance(workers, Local) else None
        return Ray(actors=actors, gpus=min(1, len(visible_gpus())) if gpus is None else gpus)
    if processes is None:
        return workers
    return workers.model_copy(update={"processes": processes}) if isinstance(workers, Local) else processes


def at_most(workers: Workers, jobs: int) -> Workers:
    """No more of them than there are jobs."""
    if isinstance(workers, int):
        return min(workers, jobs)
    key = "actors" if isinstance(workers, Ray) else "processes"
    return workers.model_copy(update={key: min(how_many(workers), jobs)})


@dataclass(frozen=True)
class Died:
    """What became of a job whose process died, and died again when it was tried once more."""

    reason: str


@dataclass(frozen=True)
class Task(Generic[J]):
    """A job as it is given to a worker.

    Attributes:
        job: What to do; must pickle.
        name: What messages call it.
        smaller: The same in less memory, for a second try; None: there is none.
    """

    job: J
    name: str
    smaller: J | None = None

    @property
    def second(self) -> Task[J]:
        """The second try."""
        return Task(self.job if self.smaller is None else self.smaller, self.name)


@dataclass(frozen=True)
class _Progress:
    share: float
    detail: str


@dataclass(frozen=True)
class _Result(Generic[R]):
    result: R


@dataclass(frozen=True)
class _Raised:
    error: StrigilError


def _ignore(note: str) -> None:
    del note


def run_jobs(
    tasks: Iterable[Task[J]],
    work: Callable[[J, Done], R],
    *,
    workers: Workers,
    on_progress: Done,
    on_note: Callable[[str], None] = _ignore,
) -> Iterator[Finished[R | Died]]:
    """Runs every job in one of the workers, and gives the results in the order in which they finish.

    Args:
        tasks: What to do; one is taken only when a worker is free for it.
        work: Does one job, in a worker; is given a function to call with the share that is done, from 0 to 1.
        workers: Processes on this machine, each of which sees its own GPUs alone, or actors of a Ray cluster. What jobs
            read and write must then be on a file system that all nodes share; a job whose node dies is done again on
            another one.
        on_progress: Called with the number of jobs done so far; on this machine parts of jobs are included, and
            what one of them said of itself.
        on_note: Called with what a user may want to know: a job is tried once more, an actor finds no room.

    Raises:
        StrigilError: What a job raised; the other jobs are stopped.
        ConfigError: There are too few GPUs.
        PrerequisiteError: There is no Ray cluster, or it has no room.
    """
    if isinstance(workers, Ray):
        return _on_ray(tasks, work, workers, on_progress=on_progress, on_note=on_note)
    size = Local(processes=workers) if isinstance(workers, int) else workers
    return _here(tasks, work, size, on_progress=on_progress, on_note=on_note)


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
        except BrokenPipeError:
            # It died while it had nothing to do.
            self.bury()
            self._start().send(task)

    def _start(self) -> Connection:
        context = get_context("spawn")
        line, theirs = context.Pipe()
        self.line, self.process = (
            line,
            context.Process(target=_worker, args=(self.work, theirs, self.devices), daemon=True),
        )
        self.process.start()
        # Only the process holds it now, so that its death ends the line.
        theirs.close()
        return line

    def bury(self) -> str:
        """Why the process is no more."""
        process, self.process, self.line = self.process, None, None
        if process is None:
            return "its process is gone"
        process.join()
        status = process.exitcode or 0
        if status >= 0:
            return f"its process ended with status {status}"
        name = signal.Signals(-status).name
        likely = ", as one is that takes too much memory" if -status == signal.SIGKILL else ""
        return f"its process was ended by {name}{likely}"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.join()


def _here(
    tasks: Iterable[Task[J]],
    work: Callable[[J, Done], R],
    size: Local,
    *,
    on_progress: Done,
    on_note: Callable[[str], None],
) -> Iterator[Finished[R | Died]]:
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
                finished, detail = _hear(lines[line], line, on_note)
                done += finished is not None
                on_progress(done + sum(seat.share for seat in seats if seat.task is not None), detail)
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
        reason = seat.bury()
        if task is not None and not seat.again:
            on_note(_once_more(task, reason))
            seat.give(seat.place, task.second, again=True)
            return None, ""
        seat.task = None
        return Finished(seat.place, Died(reason)), ""
    match told:
        case _Progress(share, detail):
            seat.share = share
            return None, detail
        case _Raised(error):
            raise error
        case _Result(result):
            seat.task = None
            return Finished(seat.place, result), ""
        case note:
            on_note(note)
            return None, ""


def _once_more(task: Task[J], reason: str) -> str:
    how = "" if task.smaller is None else " in less memory"
    return f"{task.name}: {reason}; it is tried once more{how}"


def _attempt(task: Task[J], work: Callable[[J, Done], R], done: Done, on_note: Callable[[str], None]) -> R:
    """Does a job, and where memory is short its smaller form."""
    try:
        return work(task.job, done)
    except MemoryShortError as error:
        if task.smaller is None:
            raise
        on_note(_once_more(task, error.message))
    return work(task.second.job, done)


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
            line.send(_Result(_attempt(task, work, tell, line.send)))
        except StrigilError as error:
            line.send(_Raised(error))


def _die_with_parent() -> None:
    """A parent that is killed cannot stop its workers, which would go on writing what the next run writes too."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(frozen=True)
class _Said(Generic[R]):
    result: R
    notes: list[str]


def _apply(task: Task[J], work: Callable[[J, Done], R]) -> _Said[R]:
    notes: list[str] = []
    return _Said(_attempt(task, work, _untold, notes.append), notes)


def _on_ray(
    tasks: Iterable[Task[J]],
    work: Callable[[J, Done], R],
    size: Ray,
    *,
    on_progress: Done,
    on_note: Callable[[str], None],
) -> Iterator[Finished[R | Died]]:
    taken: list[Task[J]] = []

    def jobs() -> Iterator[partial[_Said[R]]]:
        for task in tasks:
            taken.append(task)
            yield partial(_apply, task)

    def lost(place: int) -> partial[_Said[R]]:
        on_note(_once_more(taken[place], "its actor was lost"))
        return partial(_apply, taken[place].second)

    with Actors(partial(_keep, work), size, note=on_note) as actors:
        for done, finished in enumerate(actors.run(jobs(), on_loss=lost), start=1):
            for note in finished.result.notes:
                on_note(note)
            on_progress(done)
            yield Finished(finished.place, finished.result.result)


def _keep(work: Callable[[J, Done], R]) -> Callable[[J, Done], R]:
    return work


def _untold(share: float, detail: str = "") -> None:
    """Parts of a job stay untold: an actor answers once."""
    del share, detail
