"""One request to one server: an answer that was checked, a failure that may pass, or a refusal.

Nothing that a server sends is taken on trust: answers are read up to what their request can need, never unpacked, and
held against what they must be.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

import aiohttp
from pydantic import BaseModel, ValidationError

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.validation import explain
from strigil.engines.server.delays import retry_after
from strigil.engines.server.wire import refusal_in

ANSWER_BYTES: Final = 1 << 20
"""An answer may be this long, and `TOKEN_BYTES` longer for each token that it speaks of."""
TOKEN_BYTES: Final = 1 << 10
REASON: Final = 300
"""Characters of a server's reason that are shown."""
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
        tokens: How many tokens the answer may speak of.
    """

    key: str
    path: str
    body: dict[str, Json] | None = None
    constraint: str | None = None
    tokens: int = 0


class PassingError(Exception):
    """A failure that may not come again; `wait` is the number of seconds that the server asks for."""

    def __init__(
        self, what: str, *, wait: float | None = None, unreachable: bool = False, status: int | None = None
    ) -> None:
        super().__init__(what)
        self.wait = wait
        self.unreachable = unreachable
        self.status = status


@dataclass(frozen=True)
class _Response:
    status: int
    wait: float | None
    content: bytes


class Exchange:
    """Sends requests. Made, used and closed within one event loop.

    Args:
        key: The API key; it is sent, and never shown.
        key_variable: The environment variable that it comes from, for messages.
        timeout: Seconds that one answer may take.
    """

    def __init__(self, *, key: str | None, key_variable: str, timeout: float) -> None:
        self._key = key
        self._key_variable = key_variable
        self._session = aiohttp.ClientSession(
            headers={"Accept-Encoding": "identity"} | ({} if key is None else {"Authorization": f"Bearer {key}"}),
            timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=CONNECT_SECONDS),
            connector=aiohttp.TCPConnector(limit=0),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Closes all connections."""
        await self._session.close()

    async def ask(self, url: str, call: Call, answer: type[A]) -> A:
        """Sends a request to the server at a base URL, once.

        Raises:
            ConfigError: It refuses the request itself.
            PassingError: It may answer another time.
            PrerequisiteError: It wants another key, or its answer is larger than any that fits the request.
        """
        response = await self._send(url, call)
        status, refusal = response.status, None
        if status == HTTPStatus.OK:
            try:
                return answer.model_validate_json(response.content)
            except ValidationError as error:
                refusal = refusal_in(response.content)
                if refusal is None:
                    message = f"its answer is cut off or of another form: {self._shown(explain(error, answer))}"
                    raise PassingError(message) from error
                status = refusal.status
        refusal = refusal or refusal_in(response.content)
        reason = response.content.decode(errors="replace") if refusal is None else refusal.message
        what = f"{status} {self._shown(reason) or 'no reason given'}"
        if status in PASSING:
            # A server that is asked too much and does not say when to come back gets a second.
            hint = 1.0 if response.wait is None and status == HTTPStatus.TOO_MANY_REQUESTS else response.wait
            message = f"it answers {what}"
            raise PassingError(message, wait=hint, status=status)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            message = f"{url} wants another API key: {what}"
            raise PrerequisiteError(message, hint=f"export {self._key_variable}=...")
        message = f"{url} refuses {call.key}: {what}"
        raise ConfigError(message)

    async def _send(self, url: str, call: Call) -> _Response:
        try:
            async with self._session.request(
                "GET" if call.body is None else "POST", f"{url}{call.path}", json=call.body, allow_redirects=False
            ) as response:
                packed = response.headers.get("Content-Encoding", "identity")
                if packed != "identity":
                    message = f"{url} packs its answer to {call.key} as {packed[:20]!r}, which nobody asked for"
                    raise PrerequisiteError(message, hint="what stands between strigil and the server must not do that")
                content = await self._read(response, url, call)
                return _Response(response.status, retry_after(response.headers.get("Retry-After")), content)
        except TimeoutError as error:
            message = "it does not answer in time"
            raise PassingError(message, unreachable=isinstance(error, aiohttp.ConnectionTimeoutError)) from error
        except aiohttp.ClientConnectorError as error:
            message = f"it cannot be reached: {error.os_error.strerror or error.os_error}"
            raise PassingError(message, unreachable=True) from error
        except aiohttp.ClientError as error:
            message = f"the connection broke off: {type(error).__name__}"
            raise PassingError(message) from error

    async def _read(self, response: aiohttp.ClientResponse, url: str, call: Call) -> bytes:
        """The whole answer; of one that is refused anyhow, no more than its beginning."""
        most = ANSWER_BYTES + call.tokens * TOKEN_BYTES
        content = bytearray()
        async for part in response.content.iter_chunked(1 << 16):
            content += part
            if len(content) > most:
                if response.status != HTTPStatus.OK:
                    break
                message = f"{url} answers {call.key} with more than {most} bytes, which no such answer has"
                raise PrerequisiteError(message, hint="look at what runs at that address")
        return bytes(content)

    def _shown(self, text: str) -> str:
        """A server's words in one short line, without the key and without what a terminal would obey."""
        hidden = text if not self._key else text.replace(self._key, "***")
        return " ".join("".join(each if each.isprintable() else " " for each in hidden).split())[:REASON]
