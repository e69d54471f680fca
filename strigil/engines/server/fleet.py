"""One or more servers of the same model: bounded concurrency, retries, and patience where it is asked for."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeVar

from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel

from strigil.common.errors import ConfigError, PrerequisiteError, StrigilError
from strigil.engines.server.delays import LONGEST_DELAY, back_off
from strigil.engines.server.exchange import Call, Exchange, PassingError

if TYPE_CHECKING:
    from strigil.engines.server import ServerChoice

LONGEST_WAIT: Final = 600.0
"""Seconds that a server may ask to be left alone, and that may pass without a single answer while it does."""
POLL_SECONDS: Final = 0.5
"""Ctrl-C is not seen while a thread waits for another without a time limit."""
BROKEN_OFF: Final = 3
"""Times that a constrained request is broken off before the constraint is taken for the cause."""

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")


class _Anything(BaseModel):
    """An answer that nobody reads."""


@dataclass
class Endpoint:
    """One server.

    Attributes:
        busy: Requests under way.
        closed_until: The moment before which it gets no further one.
        refused: How often in a row it could not be reached.
    """

    url: str
    busy: int = 0
    closed_until: float = 0.0
    refused: int = 0


class Fleet:
    """The servers of a choice, as a context manager; HTTP goes on in a thread of its own while the caller works."""

    _exchange: Exchange
    _changed: asyncio.Condition
    _giving_up: asyncio.Event
    _heard: float

    def __init__(self, choice: ServerChoice) -> None:
        self._choice = choice
        self._endpoints = [Endpoint(url) for url in choice.urls]
        self._window = choice.concurrency * len(choice.urls)
        self._stack = ExitStack()
        self._portal = self._stack.enter_context(start_blocking_portal())
        self._portal.call(self._begin)
        self._stack.callback(self._portal.call, self._exchange.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, jobs: Iterable[Callable[[], Awaitable[T]]]) -> Iterator[T]:
        """What the jobs give, in the order in which they finish; as many are taken as may be sent together.

        When one has failed for good, those under way may still come in before the error is raised.

        Raises:
            StrigilError: What a job raised.
        """
        source = iter(jobs)
        waiting: set[Future[T]] = set()
        finished: SimpleQueue[Future[T]] = SimpleQueue()
        failure: StrigilError | None = None
        self._portal.call(self._resume)
        try:
            while True:
                if failure is None:
                    for job in islice(source, self._window - len(waiting)):
                        future = self._portal.start_task_soon(job)
                        waiting.add(future)
                        future.add_done_callback(finished.put)
                if not waiting:
                    break
                try:
                    done = finished.get(timeout=POLL_SECONDS)
                except Empty:
                    continue
                waiting.discard(done)
                try:
                    result = done.result()
                except StrigilError as error:
                    if failure is None:
                        self._portal.call(self._give_up)
                        failure = error
                else:
                    yield result
            if failure is not None:
                raise failure
        finally:
            for future in waiting:
                future.cancel()

    def reachable(self, call: Call, answer: type[A], *, tries: int) -> list[A]:
        """The answers of all servers that give one; the others may come back later.

        Raises:
            ConfigError: One refuses the request.
            PrerequisiteError: None answers, or one wants another key.
        """
        found = self._portal.call(self._ask_all, call, answer, tries)
        answers = [one for one in found if not isinstance(one, PassingError)]
        if answers:
            return answers
        told = "; ".join(f"{each.url}: {failure}" for each, failure in zip(self._endpoints, found, strict=True))
        message = f"no server answers: {told}"
        raise PrerequisiteError(message, hint="start it, then type the same command again")

    def tell(self, call: Call) -> None:
        """Sends a request to all servers, whose answers and refusals nobody reads: what it did is to be looked for.

        Raises:
            PrerequisiteError: One wants another key.
        """
        self._portal.call(self._tell_all, call)

    async def _tell_all(self, call: Call) -> None:
        for endpoint in self._endpoints:
            with suppress(PassingError, ConfigError):
                await self._exchange.ask(endpoint.url, call, _Anything)

    async def call(self, call: Call, answer: type[A]) -> A:
        """Sends a request to whichever server has room, again and again until it is answered.

        Raises:
            ConfigError: The server refuses the request itself.
            PrerequisiteError: No server answers it, however often it is sent.
        """
        failures = broken_off = 0
        while True:
            endpoint = await self._lease()
            try:
                found = await self._exchange.ask(endpoint.url, call, answer)
            except PassingError as error:
                failure = error
            else:
                endpoint.refused = 0
                self._heard = self._now()
                return found
            finally:
                await self._release(endpoint)
            self._hold(endpoint, failure)
            # A server that asks to wait, or is not there, is waited for by all requests together.
            waits = failure.wait is not None or failure.unreachable
            failures += not waits
            broken_off += failure.status == HTTPStatus.INTERNAL_SERVER_ERROR
            if call.constraint is not None and broken_off == BROKEN_OFF:
                message = f"{endpoint.url} breaks off {call.key}: no token of the model can go on within "
                raise ConfigError(message + call.constraint, hint="use a constraint that the model's tokens can spell")
            if failures > self._choice.retries or (waits and self._waits_too_long()):
                times = f", sent {failures} times" if failures > 1 else ""
                message = f"{endpoint.url} gives no answer to {call.key}{times}: {failure}"
                hint = "once it is back, the same command goes on where this one stopped"
                raise PrerequisiteError(message, hint=hint) from failure
            if not waits:
                await self._pause(back_off(failures - 1))

    async def _begin(self) -> None:
        choice = self._choice
        self._changed = asyncio.Condition()
        self._giving_up = asyncio.Event()
        self._heard = self._now()
        self._exchange = Exchange(
            key=os.environ.get(choice.key_variable) or None, key_variable=choice.key_variable, timeout=choice.timeout
        )

    async def _resume(self) -> None:
        self._giving_up.clear()
        self._heard = self._now()

    async def _give_up(self) -> None:
        """A run has failed: what is under way may still come in, nothing more is sent."""
        self._giving_up.set()
        async with self._changed:
            self._changed.notify_all()

    async def _ask_all(self, call: Call, answer: type[A], tries: int) -> list[A | PassingError]:
        return await asyncio.gather(*(self._first(endpoint, call, answer, tries) for endpoint in self._endpoints))

    async def _first(self, endpoint: Endpoint, call: Call, answer: type[A], tries: int) -> A | PassingError:
        attempt = 0
        while True:
            try:
                return await self._exchange.ask(endpoint.url, call, answer)
            except PassingError as error:
                failure = error
            attempt += 1
            if attempt == tries:
                return failure
            await asyncio.sleep(min(LONGEST_DELAY, failure.wait or back_off(attempt - 1)))

    async def _lease(self) -> Endpoint:
        """The least busy server that has room, as soon as there is one."""
        async with self._changed:
            while True:
                if self._giving_up.is_set():
                    message = "the run was given up"
                    raise PrerequisiteError(message)
                now = self._now()
                free = [
                    each
                    for each in self._endpoints
                    if each.busy < self._choice.concurrency and each.closed_until <= now
                ]
                if free:
                    best = min(free, key=lambda endpoint: endpoint.busy)
                    best.busy += 1
                    return best
                closed = [each.closed_until - now for each in self._endpoints if each.closed_until > now]
                try:
                    async with asyncio.timeout(min(closed, default=None)):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _release(self, endpoint: Endpoint) -> None:
        async with self._changed:
            endpoint.busy -= 1
            self._changed.notify()

    def _hold(self, endpoint: Endpoint, failure: PassingError) -> None:
        """Keeps all requests from a server that asked for it, or that is not there."""
        if failure.wait is not None:
            endpoint.closed_until = max(endpoint.closed_until, self._now() + failure.wait)
        elif failure.unreachable and endpoint.closed_until <= self._now():
            endpoint.closed_until = self._now() + back_off(endpoint.refused)
            endpoint.refused += 1

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._giving_up.wait()
        except TimeoutError:
            return

    def _waits_too_long(self) -> bool:
        if min(endpoint.refused for endpoint in self._endpoints) > self._choice.retries:
            return True
        now = self._now()
        return now - self._heard > LONGEST_WAIT or min(e.closed_until for e in self._endpoints) - now > LONGEST_WAIT

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
