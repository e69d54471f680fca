"""A stand-in for an OpenAI-compatible server that is not vLLM: it writes the number of tokens that it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class StandIn:
    """What it saw and how it answers; `script` holds (status, headers) of the next refusals.

    Attributes:
        answer: What it answers with instead, as it is: headers, and the body in parts.
        written: How many bytes of that went out.
        most: Requests under way at a time, at most.
        times: When each completion was asked for, in seconds.
        loaded: Folders of the adapters that it was told to load, by their names.
    """

    url: str = ""
    owned_by: str = "someone"
    key: str | None = None
    finish_reason: str = "stop"
    answer: Callable[[], Iterable[bytes]] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    written: int = 0
    script: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    bodies: list[dict[str, object]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    busy: int = 0
    most: int = 0
    seconds: float = 0.0
    loaded: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


@contextmanager
def openai_stand_in(state: StandIn) -> Iterator[StandIn]:
    """Runs on loopback while the context is open."""

    class Handler(_Handler):
        stand_in = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        del arguments

    def do_GET(self) -> None:  # the name that http.server asks for
        names = ["pocket-a", *self.stand_in.loaded]
        served = [{"id": name, "owned_by": self.stand_in.owned_by} for name in names]
        self._send(200, {"object": "list", "data": served, "version": "0"})

    def do_POST(self) -> None:  # the name that http.server asks for
        state = self.stand_in
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with state.lock:
            state.times.append(time.monotonic())
            state.bodies.append(body)
            state.busy += 1
            state.most = max(state.most, state.busy)
            refusal = state.script.pop(0) if state.script else None
            loads = self.path.endswith("/load_lora_adapter")
            if loads and refusal is None:
                state.loaded[str(body["lora_name"])] = str(body["lora_path"])
        time.sleep(state.seconds)
        with state.lock:
            state.busy -= 1
        given = self.headers.get("Authorization")
        if refusal is not None:
            self._send(refusal[0], {"error": {"message": f"no: {given}"}}, refusal[1])
        elif state.key is not None and given != f"Bearer {state.key}":
            self._send(401, {"error": {"message": f"wrong key: {given}"}})
        elif loads:
            self._send(200, {})
        elif state.answer is not None:
            self._pour(state.answer())
        else:
            choice = {"index": 0, "text": str(len(body["prompt"])), "finish_reason": state.finish_reason}
            self._send(200, {"choices": [choice], "usage": {"completion_tokens": 2}})

    def _pour(self, parts: Iterable[bytes]) -> None:
        """Parts of a body without a length, as long as somebody reads them."""
        state = self.stand_in
        self.close_connection = True
        self.send_response(state.status)
        for name, value in (state.headers | {"Connection": "close"}).items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(part)
                state.written += len(part)
        except OSError:
            return

    def _send(self, status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
