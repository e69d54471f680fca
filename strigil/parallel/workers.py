"""Independent jobs in worker processes, here or on a Ray cluster.

Each worker loads its libraries once and takes one job after another. A job whose process dies is tried once more, as
its caller says, and then given up; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from strigil.common.progress import Done
from strigil.parallel.devices import Local, visible_gpus
from strigil.parallel.jobs import Died, Finished, Task
from strigil.parallel.processes import run_here
from strigil.parallel.ray_cluster import Ray
from strigil.parallel.ray_jobs import run_on_ray

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
            read and write must then be on a file system that all nodes share; a job whose node dies is tried once more
            on another one.
        on_progress: Called with the number of jobs done so far; on this machine parts of jobs are included, and
            what one of them said of itself.
        on_note: Called with what a user may want to know: a job is tried once more, an actor finds no room.

    Raises:
        Exception: What a job raised, a `StrigilError` or a mistake in the program; the other jobs are stopped.
        ConfigError: There are too few GPUs.
        PrerequisiteError: There is no Ray cluster, or it has no room.
    """
    if isinstance(workers, Ray):
        return run_on_ray(tasks, work, workers, on_progress=on_progress, on_note=on_note)
    size = Local(processes=workers) if isinstance(workers, int) else workers
    return run_here(tasks, work, size, on_progress=on_progress, on_note=on_note)
