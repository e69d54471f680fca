"""Independent jobs in worker processes, here or on a Ray cluster.

Each worker loads its libraries once and takes one job after another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.queues import Queue
from queue import Empty
from threading import Thread
from typing import Generic, TypeVar

from strigil.common.errors import StrigilError
from strigil.common.progress import Done
from strigil.parallel.ray_actors import Actors, Ray

J = TypeVar("J")
R = TypeVar("R")

POLL_SECONDS = 0.5


@dataclass(frozen=True)
class _Progress:
    job: int
    share: float
    detail: str


@dataclass(frozen=True)
class _Finished(Generic[R]):
    job: int
    result: R


@dataclass(frozen=True)
class _Failed:
    job: int
    error: StrigilError


def _ignore(note: str) -> None:
    del note


def run_jobs(
    jobs: Sequence[J],
    work: Callable[[J, Done], R],
    *,
    workers: int | Ray,
    on_progress: Done,
    on_note: Callable[[str], None] = _ignore,
) -> list[R]:
    """Runs every job in one of the workers.

    Args:
        jobs: What to do; must pickle.
        work: Does one job, in a worker; is given a function to call with the share that is done, from 0 to 1.
        workers: Number of processes on this machine, or actors of a Ray cluster. What jobs read and write must then be
            on a file system that all nodes share; a job whose node dies is done again on another one.
        on_progress: Called with the number of jobs done so far; on this machine parts of jobs are included, and
            what one of them said of itself.
        on_note: Called with what a user may want to know: an actor was lost, or finds no room.

    Returns:
        The results, in the order of the jobs.

    Raises:
        StrigilError: What a job raised; the other jobs are stopped.
        PrerequisiteError: There is no Ray cluster, or it has no room.
        RuntimeError: A worker process on this machine died, out of memory for example.
    """
    if isinstance(workers, Ray):
        return _on_ray(jobs, work, workers, on_progress=on_progress, on_note=on_note)
    return _here(jobs, work, workers, on_progress=on_progress)


def _here(jobs: Sequence[J], work: Callable[[J, Done], R], workers: int, *, on_progress: Done) -> list[R]:
    context = get_context("spawn")
    todo: Queue[tuple[int, J] | None] = context.Queue()
    told: Queue[_Progress | _Finished[R] | _Failed] = context.Queue()
    for item in (*enumerate(jobs), *([None] * workers)):
        todo.put(item)
    processes = [context.Process(target=_worker, args=(work, todo, told), daemon=True) for _ in range(workers)]
    for process in processes:
        process.start()
    detail = ""
    shares, results = [0.0] * len(jobs), dict[int, R]()
    try:
        while len(results) < len(jobs):
            try:
                message = told.get(timeout=POLL_SECONDS)
            except Empty:
                dead = [process.exitcode for process in processes if process.exitcode]
                if dead:
                    text = f"a worker process died (exit status {dead[0]}); less memory per job may help"
                    raise RuntimeError(text) from None
                continue
            match message:
                case _Progress(job, share, said):
                    shares[job], detail = share, said
                case _Finished(job, result):
                    shares[job], results[job] = 1.0, result
                case _Failed(_, error):
                    raise error
            on_progress(sum(shares), detail)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    return [results[job] for job in range(len(jobs))]


def _tell(told: Queue[object], job: int, share: float, detail: str = "") -> None:
    told.put(_Progress(job, share, detail))


def _worker(work: Callable[[J, Done], R], todo: Queue[tuple[int, J] | None], told: Queue[object]) -> None:
    Thread(target=_die_with_parent, daemon=True).start()
    while (item := todo.get()) is not None:
        number, job = item
        try:
            result = work(job, partial(_tell, told, number))
        except StrigilError as error:
            told.put(_Failed(number, error))
        else:
            told.put(_Finished(number, result))


def _die_with_parent() -> None:
    """A parent that is killed cannot stop its workers, which would go on writing what the next run writes too."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _on_ray(
    jobs: Sequence[J],
    work: Callable[[J, Done], R],
    size: Ray,
    *,
    on_progress: Done,
    on_note: Callable[[str], None],
) -> list[R]:
    results: dict[int, R] = {}
    with Actors(partial(_keep, work), size, note=on_note) as actors:
        for finished in actors.run(partial(_apply, job) for job in jobs):
            results[finished.place] = finished.result
            on_progress(len(results))
    return [results[place] for place in range(len(jobs))]


def _keep(work: Callable[[J, Done], R]) -> Callable[[J, Done], R]:
    return work


def _apply(job: J, work: Callable[[J, Done], R]) -> R:
    return work(job, _untold)


def _untold(share: float, detail: str = "") -> None:
    """Parts of a job stay untold: an actor answers once."""
    del share, detail
