"""The Hub stand-in's state, and the form of its requests, responses and routes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from tests.hub.faults import Fault
from tests.hub.state import RefusedError, Repository

TOKEN: Final = "hf_standin"  # noqa: S105  # opens nothing but the stand-in
REPO: Final = r"/api/(?P<kind>dataset|model)s/(?P<id>[^/]+/[^/]+)"
FILES: Final = r"/(?:(?P<kind>dataset)s/)?(?P<id>[^/]+/[^/]+)"


@dataclass
class Answer:
    """One response; `body` other than bytes is sent as JSON."""

    body: object = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """One request, taken apart."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    parts: dict[str, str]

    def json(self) -> dict[str, object]:
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value

    @property
    def revision(self) -> str:
        return unquote(self.parts["revision"])


Route = Callable[["HubStandIn", Call], Answer]
_ROUTES: Final[list[tuple[str, re.Pattern[str], Route]]] = []


def route(methods: str, pattern: str) -> Callable[[Route], Route]:
    """Registers what answers requests of this form."""

    def register(function: Route) -> Route:
        _ROUTES.extend((method, re.compile(pattern), function) for method in methods.split())
        return function

    return register


class HubStandIn:
    """The stand-in's state; `requests` lists what was asked, `sent` bytes of bodies, `faults` what is to go wrong."""

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.sent = 0
        self.url = ""
        self.cdn = ""
        self.lock = threading.RLock()

    def dataset(self, name: str) -> Repository:
        return self.repositories["dataset", name]

    def model(self, name: str) -> Repository:
        return self.repositories["model", name]

    def repository(self, call: Call) -> Repository:
        found = self.repositories.get((call.parts["kind"] or "model", call.parts["id"]))
        allowed = call.headers.get("authorization") == f"Bearer {TOKEN}"
        if found is None or (found.private and not allowed):
            raise RefusedError(404 if allowed else 401, "Repository not found", "RepoNotFound")
        if call.method in {"POST", "PUT"} and not allowed and "paths-info" not in call.path:
            raise RefusedError(403, "You need a token with write access")
        return found

    def answer(self, call: Call) -> Answer:
        for method, pattern, function in _ROUTES:
            if method == call.method and (found := pattern.fullmatch(call.path)):
                call.parts = found.groupdict()
                with self.lock:
                    return function(self, call)
        raise RefusedError(404, f"the stand-in has no {call.method} {call.path}")
