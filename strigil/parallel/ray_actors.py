"""Work spread over a Ray cluster by actors that hold something heavy: each job is done once, whatever dies.

Ray itself restarts actors and tries tasks again, but then a task waits for its actor, and the actor for a node that may
never come back. Here a job whose actor was lost goes to the next actor that is free.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Generic, Literal, Self, TypeVar, cast

from strigil.common.errors import PrerequisiteError, StrigilError
from strigil.parallel.jobs import Finished
from strigil.parallel.ray_cluster import Ray, cluster, losses

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle

T = TypeVar("T")
R = TypeVar("R")

MOST_LOSSES: Final = 4
"""Actors that one job may take with it, or that may be lost in a row before one is ready: then no node is to blame."""
PATIENCE_SECONDS: Final = 300.0
"""How long a cluster may take to find room for the first actor; one that grows has started a machine by then."""
SILENCE_SECONDS: Final = 30.0
POLL_SECONDS: Final = 5.0
LOST: Final = "an actor of the Ray cluster was lost; its work goes to another one"
AHEAD: Final = 4
"""Jobs for each actor that may be finished before an older one is: a bound on what waits for its turn."""


@dataclass(frozen=True)
class _Refused:
    error: StrigilError


@dataclass(frozen=True)
class Lost:
    """What comes of a job whose actor is no more."""

    reason: str = "its actor was lost"


@dataclass
class _Job(Generic[T, R]):
    place: int
    run: Callable[[T], R]
    losses: int = 0


@dataclass
class _Lease(Generic[T]):
    """What an actor is doing; `ended` is a job whose result nobody waits for any more."""

    actor: ActorHandle
    doing: Literal["placed", "made", "ended"] | _Job[T, object]


class _Seat(Generic[T]):
    """What runs on the cluster, in a process of its own."""

    def place(self, cpus: float) -> None:
        """Answers as soon as there is room; polars, not loaded yet, takes only the actor's share of the node."""
        os.environ.setdefault("POLARS_MAX_THREADS", str(max(1, int(cpus))))

    def make(self, make: Callable[[], T]) -> _Refused | None:
        """Makes what the actor holds."""
        try:
            self._held = make()
        except StrigilError as error:
            return _Refused(error)
        return None

    def run(self, job: Callable[[T], R]) -> R | _Refused:
        """Runs a job with it."""
        try:
            return job(self._held)
        except StrigilError as error:
            return _Refused(error)


def _as_it_is(place: int, answer: object) -> None:
    del place, answer


class Actors(Generic[T]):
    """Actors that each make something once, an engine for example, and then run jobs with it.

    A context manager; at its end the cluster is left, and stopped if it was started here.

    Args:
        make: Makes what an actor holds; called on the actor's node, and must pickle.
        size: How many actors, and how large.
        note: Told what a user wants to know: that an actor was lost, or finds no room.

    Raises:
        PrerequisiteError: Ray is not installed, or its cluster does not answer.
    """

    def __init__(self, make: Callable[[], T], size: Ray, *, note: Callable[[str], None]) -> None:
        self._make = make
        self._size = size
        self._note = note
        self._stack = ExitStack()
        self._stack.enter_context(cluster())
        self._free: list[ActorHandle] = []
        self._leases: dict[ObjectRef, _Lease[T]] = {}
        self._losses = 0
        for _ in range(size.actors):
            self._start()

    def run(
        self,
        jobs: Iterable[Callable[[T], R]],
        *,
        instead: Callable[[int, R | Lost], Callable[[T], R] | None] = _as_it_is,
    ) -> Iterator[Finished[R]]:
        """Runs every job on an actor, and gives the result of each once, in the order in which they finish.

        Jobs must pickle. They are taken as actors become free, and never far ahead of the oldest unfinished one, so
        that memory does not grow with their number. What `instead` says of the job at a place, once there is an answer
        or its actor was lost, is done in its stead; else the answer is its result, or it is done again.

        Raises:
            StrigilError: What making, or a job, raised.
            PrerequisiteError: The cluster has no room for a single actor, or keeps losing them.
        """
        source = enumerate(jobs)
        waiting: deque[_Job[T, R]] = deque()
        unfinished: set[int] = set()
        try:
            while True:
                self._take(source, waiting, unfinished)
                while self._free and waiting:
                    self._send(waiting.popleft())
                    self._take(source, waiting, unfinished)
                if not unfinished:
                    return
                lease, answer = self._next_answer()
                job = lease.doing
                if not isinstance(job, _Job):
                    continue
                if isinstance(answer, Lost):
                    self._count_loss(job)
                other = instead(job.place, cast("R | Lost", answer))
                if isinstance(answer, Lost) and other is None:
                    self._note(LOST)
                if isinstance(answer, Lost) or other is not None:
                    again = cast("_Job[T, R]", job)
                    again.run = other or again.run
                    waiting.append(again)
                    continue
                unfinished.remove(job.place)
                yield Finished(job.place, cast("R", answer))
        finally:
            for lease in self._leases.values():
                if isinstance(lease.doing, _Job):
                    lease.doing = "ended"

    def _take(
        self, source: Iterator[tuple[int, Callable[[T], R]]], waiting: deque[_Job[T, R]], unfinished: set[int]
    ) -> None:
        """Takes one job to be sent next, unless one is waiting or the oldest unfinished one lies too far back."""
        ahead = max(unfinished, default=0) - min(unfinished, default=0)
        if waiting or ahead >= AHEAD * self._size.actors:
            return
        for place, run in source:
            unfinished.add(place)
            waiting.append(_Job(place, run))
            return

    def _start(self) -> None:
        import ray

        seat = ray.remote(_Seat).options(
            num_cpus=self._size.cpus, num_gpus=self._size.gpus, max_restarts=0, scheduling_strategy="SPREAD"
        )
        actor = seat.remote()
        self._leases[actor.place.remote(self._size.cpus)] = _Lease(actor, "placed")

    def _send(self, job: _Job[T, R]) -> None:
        actor = self._free.pop()
        self._leases[actor.run.remote(job.run)] = _Lease(actor, cast("_Job[T, object]", job))

    def _next_answer(self) -> tuple[_Lease[T], object]:
        """The next thing that an actor has done, and what came of it; the actor goes on to what follows."""
        import ray

        ref = self._next_ref()
        lease = self._leases.pop(ref)
        try:
            answer: object = ray.get(ref)
        except losses():
            self._replace(lease)
            return lease, Lost()
        if lease.doing == "placed":
            self._leases[lease.actor.make.remote(self._make)] = _Lease(lease.actor, "made")
        else:
            self._losses = 0
            # An actor whose job was refused is as good as before; one that could not be made is not.
            if lease.doing != "made" or not isinstance(answer, _Refused):
                self._free.append(lease.actor)
        if isinstance(answer, _Refused) and lease.doing != "ended":
            raise answer.error
        return lease, answer

    def _next_ref(self) -> ObjectRef:
        import ray

        started = time.monotonic()
        told = False
        while True:
            ready, _ = ray.wait(list(self._leases), num_returns=1, timeout=POLL_SECONDS)
            if ready:
                return ready[0]
            if any(lease.doing != "placed" for lease in self._leases.values()):
                continue
            room = f"an actor with {self._size.cpus:g} cores and {self._size.gpus:g} GPUs"
            waited = time.monotonic() - started
            if waited > PATIENCE_SECONDS:
                message = f"the Ray cluster found no room for {room} in {PATIENCE_SECONDS:.0f} s"
                raise PrerequisiteError(message, hint="ask for smaller actors or a larger cluster, and run it again")
            if waited > SILENCE_SECONDS and not told:
                told = True
                self._note(f"the Ray cluster has no room yet for {room}: waiting for it")

    def _replace(self, lease: _Lease[T]) -> None:
        import ray

        ray.kill(lease.actor)  # it may only be out of reach
        if not isinstance(lease.doing, _Job):
            self._note(LOST)
        self._losses += 1
        if self._losses > MOST_LOSSES * self._size.actors:
            message = f"the Ray cluster lost {self._losses} actors in a row, and no work gets done"
            raise PrerequisiteError(
                message, hint="look for crashes or a lack of memory in Ray's logs, and run it again"
            )
        self._start()

    def _count_loss(self, job: _Job[T, object]) -> None:
        job.losses += 1
        if job.losses == MOST_LOSSES:
            message = f"the same piece of work took {MOST_LOSSES} actors of the Ray cluster with it"
            raise PrerequisiteError(message, hint="smaller batches, or more memory for each actor, may help")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import ray

        for actor in [*self._free, *(lease.actor for lease in self._leases.values())]:
            ray.kill(actor)
        self._stack.close()
