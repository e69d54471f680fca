"""Jobs on actors of a Ray cluster, tried once more as those in processes of this machine are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeAlias, TypeVar

from strigil.common.progress import Done
from strigil.parallel.jobs import Died, Finished, Short, Task, attempt
from strigil.parallel.ray_actors import Actors, Lost
from strigil.parallel.ray_cluster import Ray

J = TypeVar("J")
R = TypeVar("R")
# With what an actor holds, which is the function that does jobs.
_Job: TypeAlias = Callable[[Callable[[J, Done], R]], R | Short | Died]


def run_on_ray(
    tasks: Iterable[Task[J]],
    work: Callable[[J, Done], R],
    size: Ray,
    *,
    on_progress: Done,
    on_note: Callable[[str], None],
) -> Iterator[Finished[R | Died]]:
    """As `run_jobs`, on a cluster.

    Raises:
        Exception: What a job raised.
        PrerequisiteError: There is no Ray cluster, or it has no room.
    """
    taken: list[Task[J]] = []
    again: set[int] = set()

    def jobs() -> Iterator[_Job[J, R]]:
        for task in tasks:
            taken.append(task)
            yield partial(_apply, task)

    def instead(place: int, answer: R | Short | Died | Lost) -> _Job[J, R] | None:
        if not isinstance(answer, Short | Lost):
            return None
        if place in again:
            return partial(_give_up, Died(answer.reason))
        again.add(place)
        on_note(taken[place].once_more(answer.reason))
        return partial(_apply, taken[place].second)

    with Actors(partial(_keep, work), size, note=on_note) as actors:
        for done, finished in enumerate(actors.run(jobs(), instead=instead), start=1):
            if isinstance(finished.result, Short):
                continue
            on_progress(done)
            yield Finished(finished.place, finished.result)


def _apply(task: Task[J], work: Callable[[J, Done], R]) -> R | Short | Died:
    return attempt(task, work, _untold)


def _give_up(death: Died, work: Callable[[J, Done], R]) -> R | Short | Died:
    """What is done of a job that took two actors with it."""
    del work
    return death


def _keep(work: Callable[[J, Done], R]) -> Callable[[J, Done], R]:
    return work


def _untold(share: float, detail: str = "") -> None:
    """Parts of a job stay untold: an actor answers once."""
    del share, detail
