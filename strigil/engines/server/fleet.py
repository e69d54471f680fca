"""HTTP to one or more servers of the same model: bounded concurrency, retries, and patience where it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.engines.server.delays import LONGEST_DELAY, back_off, retry_after
from strigil.engines.server.wire import reason_in

LONGEST_WAIT: Final = 600.0
"""Seconds that a server may ask to be left alone, and that may pass without a single answer while it does."""
BROKEN_OFF: Final = 3
"""Times that a constrained request is broken off before the constraint is taken for the cause."""
CONNECT_SECONDS: Final = 10.0
PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""

A = TypeVar("A", bound=BaseModel)


@dataclass(frozen=True)
class Call:
    """A request.

    Attributes:
        key: What messages call it.
        path: Below a base URL.
        body: Makes it a POST.
        constraint: What it holds the completion to: where no token can go on, vLLM answers with status 500.
    """

    key: str
    path: str
    body: dict[str, Json] | None = None
    constraint: str | None = None


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


class _PassingError(Exception):
    """A failure that may not come again; `wait` is the number of seconds that the server asks for."""

    def __init__(
        self, what: str, *, wait: float | None = None, unreachable: bool = False, status: int | None = None
    ) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreachable = unreachable
        self.status = status


class Fleet:
    """Servers of the same model. Made, used and closed within one event loop.

    Args:
        urls: Their base URLs.
        key: The API key; it is sent, and never shown.
        key_variable: The environment variable that it comes from, for messages.
        concurrency: Requests under way at a time, for each.
        timeout: Seconds that one answer may take.
        retries: How often a request is sent again.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        key: str | None,
        key_variable: str,
        concurrency: int,
        timeout: float,
        retries: int,
    ) -> None:
        self.endpoints = [Endpoint(url) for url in urls]
        self._key = key
        self._key_variable = key_variable
        self._concurrency = concurrency
        self._retries = retries
        self._changed = asyncio.Condition()
        self._giving_up = asyncio.Event()
        self._heard = asyncio.get_running_loop().time()
        self._session = aiohttp.ClientSession(
            headers={} if key is None else {"Authorization": f"Bearer {key}"},
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
        )

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    async def begin(self) -> None:
        """A new run of calls."""
        self._giving_up.clear()
        self._heard = self._now()

    async def give_up(self) -> None:
        """The run has failed: what is under way may still come in, nothing more is sent."""
        self._giving_up.set()
        async with self._changed:
            self._changed.notify_all()

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
                found = await self.ask(endpoint, call, answer)
            except _PassingError as error:
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
            if failures > self._retries or (waits and self._waits_too_long()):
                raise self._hopeless(endpoint, call, failure, failures) from failure
            if not waits:
                await self._pause(back_off(failures - 1))

    async def ask(self, endpoint: Endpoint, call: Call, answer: type[A]) -> A:
        """Sends a request to one server, once."""
        url = f"{endpoint.url}{call.path}"
        try:
            async with self._session.request(
                "GET" if call.body is None else "POST", url, json=call.body, allow_redirects=False
            ) as response:
                content = await response.read()
                status, wait = response.status, retry_after(response.headers.get("Retry-After"))
        except TimeoutError as error:
            message = "it does not answer in time"
            raise _PassingError(message, unreachable=isinstance(error, aiohttp.ConnectionTimeoutError)) from error
        except aiohttp.ClientConnectorError as error:
            message = f"it cannot be reached: {error.os_error.strerror or error.os_error}"
            raise _PassingError(message, unreachable=True) from error
        except aiohttp.ClientError as error:
            message = f"the connection broke off: {type(error).__name__}"
            raise _PassingError(message) from error
        if status == HTTPStatus.OK:
            try:
                return answer.model_validate_json(content)
            except ValidationError as error:
                message = "its answer is cut off or of another form"
                raise _PassingError(message) from error
        what = self._hide(f"{status} {reason_in(content)}")
        if status in PASSING:
            message = f"it answers {what}"
            # A server that is asked too much and does not say when to come back gets a second.
            hint = 1.0 if wait is None and status == HTTPStatus.TOO_MANY_REQUESTS else wait
            raise _PassingError(message, wait=hint, status=status)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            message = f"{endpoint.url} wants another API key: {what}"
            raise PrerequisiteError(message, hint=f"export {self._key_variable}=...")
        message = f"{endpoint.url} refuses {call.key}: {what}"
        raise ConfigError(message)

    async def reachable(self, call: Call, answer: type[A], *, tries: int) -> list[A]:
        """The answers of all servers that give one; the others may come back later.

        Raises:
            ConfigError: One refuses the request.
            PrerequisiteError: None answers, or one wants another key.
        """
        found = await asyncio.gather(*(self._first(endpoint, call, answer, tries) for endpoint in self.endpoints))
        answers = [one for one in found if not isinstance(one, _PassingError)]
        if answers:
            return answers
        told = "; ".join(f"{each.url}: {failure}" for each, failure in zip(self.endpoints, found, strict=True))
        message = f"no server answers: {told}"
        raise PrerequisiteError(message, hint="start it, then type the same command again")

    async def _first(self, endpoint: Endpoint, call: Call, answer: type[A], tries: int) -> A | _PassingError:
        attempt = 0
        while True:
            try:
                return await self.ask(endpoint, call, answer)
            except _PassingError as error:
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
                free = [e for e in self.endpoints if e.busy < self._concurrency and e.closed_until <= now]
                if free:
                    best = min(free, key=lambda endpoint: endpoint.busy)
                    best.busy += 1
                    return best
                closed = [e.closed_until - now for e in self.endpoints if e.closed_until > now]
                try:
                    async with asyncio.timeout(min(closed, default=None)):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _release(self, endpoint: Endpoint) -> None:
        async with self._changed:
            endpoint.busy -= 1
            self._changed.notify()

    def _hold(self, endpoint: Endpoint, failure: _PassingError) -> None:
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
        if min(endpoint.refused for endpoint in self.endpoints) > self._retries:
            return True
        now = self._now()
        return now - self._heard > LONGEST_WAIT or min(e.closed_until for e in self.endpoints) - now > LONGEST_WAIT

    def _hopeless(self, endpoint: Endpoint, call: Call, failure: _PassingError, failures: int) -> PrerequisiteError:
        times = f", sent {failures} times" if failures > 1 else ""
        message = f"{endpoint.url} gives no answer to {call.key}{times}: {failure}"
        return PrerequisiteError(message, hint="once it is back, the same command goes on where this one stopped")

    def _hide(self, text: str) -> str:
        return text if not self._key else text.replace(self._key, "***")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
