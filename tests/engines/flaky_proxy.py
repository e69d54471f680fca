"""A proxy on loopback that spoils answers of the server behind it, and can go away and come back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine, Sequence
from threading import Thread
from types import TracebackType
from typing import Literal, Self, TypeVar

import aiohttp
from aiohttp import web

Fault = Literal["drop", "busy", "busy-date", "broken", "unavailable", "stall", "truncate", "cut"]
FAULTS: tuple[Fault, ...] = ("drop", "busy", "busy-date", "broken", "unavailable", "stall", "truncate", "cut")
T = TypeVar("T")


def shuffled(each: int, among: int, *, seed: int) -> list[Fault | None]:
    """Every fault so many times, at random among the first requests."""
    faults: list[Fault | None] = [*FAULTS * each]
    faults += [None] * (among - len(faults))
    random.Random(seed).shuffle(faults)
    return faults


class FlakyProxy:
    """Passes requests on to `upstream`, a URL without path; those that are POSTed meet the faults, in turn.

    Attributes:
        met: How often each fault struck.
        answered: Completions that went through whole.
    """

    def __init__(self, upstream: str, faults: Sequence[Fault | None] = (), *, dies_after: int | None = None) -> None:
        self.met: Counter[str] = Counter()
        self.answered = 0
        self._upstream = upstream
        self._faults = iter(faults)
        self._dies_after = dies_after
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self._port}/v1"

    def come_back(self) -> None:
        """Listens again, on the port it had, and for good."""
        self._dies_after = None
        self._wait(self._listen())

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wait(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._leaving = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _leave(self) -> None:
        self._leaving.set()
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        fault = next(self._faults, None) if request.method == "POST" else None
        if fault is not None:
            self.met[fault] += 1
        match fault:
            case "drop":
                return self._hang_up(request)
            case "busy":
                return web.json_response({"error": {"message": "busy"}}, status=429, headers={"Retry-After": "1"})
            case "busy-date":
                past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
                return web.json_response({"error": {"message": "busy"}}, status=429, headers=past)
            case "broken":
                return web.json_response({"error": {"message": "broken"}}, status=500)
            case "unavailable":
                return web.Response(text="<html>no JSON here</html>", status=503)
            case "stall":
                await self._leaving.wait()
                return self._hang_up(request)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method,
                f"{self._upstream}{request.path}",
                data=body,
                headers={"Content-Type": "application/json"},
            ) as answer,
        ):
            content, status = await answer.read(), answer.status
        half = content[: len(content) // 2]
        if fault == "truncate":
            return web.Response(body=half, status=status, content_type="application/json")
        if fault == "cut":
            cut = web.StreamResponse(headers={"Content-Length": str(len(content))})
            await cut.prepare(request)
            await cut.write(half)
            return self._hang_up(request)
        if request.method == "POST" and status == 200:
            if self.answered == self._dies_after:
                task = asyncio.ensure_future(self._leave())
                task.add_done_callback(lambda _: None)
                return self._hang_up(request)
            self.answered += 1
        return web.Response(body=content, status=status, content_type="application/json")

    def _hang_up(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _wait(self, job: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result()
