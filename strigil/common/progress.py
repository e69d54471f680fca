"""How long work tells that it goes on: workflows speak to a Reporter, and know nothing of terminals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Done(Protocol):
    """Takes how much of a task is done so far, and a few words on how it goes."""

    def __call__(self, done: float, detail: str = "", /) -> None:
        """Tells it."""
        ...


class Reporter(Protocol):
    """Progress and notes of a workflow."""

    def task(self, what: str, total: float) -> AbstractContextManager[Done]:
        """A piece of work with a known end; the value given is called with how much is done so far."""
        ...

    def note(self, text: str) -> None:
        """One line that a user wants to know now."""
        ...


class Silent:
    """Says nothing; for tests and for use as a library."""

    @contextmanager
    def task(self, what: str, total: float) -> Iterator[Done]:
        """Ignores the work."""
        yield _ignore

    def note(self, text: str) -> None:
        """Ignores the note."""


class Naming:
    """Tells another reporter what work is for: a study's lines name the cell that is made."""

    def __init__(self, reporter: Reporter, name: str) -> None:
        self._reporter, self._name = reporter, name

    def task(self, what: str, total: float) -> AbstractContextManager[Done]:
        """The work, by both names."""
        return self._reporter.task(f"{self._name}: {what}", total)

    def note(self, text: str) -> None:
        """The note, by the name."""
        self._reporter.note(f"{self._name}: {text}")


def _ignore(done: float, detail: str = "") -> None:
    del done, detail
