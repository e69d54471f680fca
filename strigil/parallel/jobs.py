"""What a job is, however it is run, and how one that finds too little memory is tried once more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from strigil.common.errors import MemoryShortError
from strigil.common.progress import Done

J = TypeVar("J")
R = TypeVar("R")


@dataclass(frozen=True)
class Finished(Generic[R]):
    """The result of the job that was taken at this place, counted from 0."""

    place: int
    result: R


@dataclass(frozen=True)
class Died:
    """What became of a job whose process died, and died again when it was tried once more.

    Attributes:
        reason: Why the process is no more.
        memory: Whether it may have taken too much memory: it did not end by itself.
    """

    reason: str
    memory: bool = True


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

    def once_more(self, reason: str) -> str:
        """What is said of the second try."""
        how = "" if self.smaller is None else " in less memory"
        return f"{self.name}: {reason}; it is tried once more{how}"


@dataclass(frozen=True)
class Short:
    """A job found too little memory, and there is a smaller form of it."""

    reason: str


def attempt(task: Task[J], work: Callable[[J, Done], R], done: Done) -> R | Short:
    """Does a job.

    Raises:
        MemoryShortError: It found too little memory, and there is no smaller form of it.
    """
    try:
        return work(task.job, done)
    except MemoryShortError as error:
        if task.smaller is None:
            raise
        return Short(error.message)
    except MemoryError as error:
        if task.smaller is None:
            message = f"{task.name}: there is too little memory"
            raise MemoryShortError(message, hint="run fewer at a time") from error
        return Short("there is too little memory")


def in_order(finished: Iterable[Finished[R]]) -> Iterator[R]:
    """Results in the order in which their jobs were taken."""
    early: dict[int, R] = {}
    following = 0
    for item in finished:
        early[item.place] = item.result
        while following in early:
            yield early.pop(following)
            following += 1
