"""A stand-in for the Hugging Face Hub: its HTTP interface on loopback, for `HfApi` and `datasets.load_dataset`.

It answers what huggingface_hub 2.4 and datasets 5.2 ask when they create a repository, upload (LFS included, each
object checked against its digest), commit, tag, list, and download. It is no Hub: nothing outside the tests uses it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.hub import reads, writes
from tests.hub.protocol import Answer, Call, HubStandIn
from tests.hub.state import RefusedError

__all__ = ["hub_stand_in", "reads", "writes"]


@contextmanager
def hub_stand_in() -> Iterator[HubStandIn]:
    """Runs a stand-in on loopback while the context is open."""
    hub = HubStandIn()

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    # Another origin, as the CDN is: downloads leave the Hub, and the token stays behind.
    hub.cdn = hub.url.replace("127.0.0.1", "localhost")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: HubStandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        del arguments

    def do_GET(self) -> None:  # the name that http.server asks for
        self._serve()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _serve(self) -> None:
        split = urlsplit(self.path)
        path = split.path
        length = int(self.headers.get("Content-Length", 0))
        fault = next((fault for fault in self.state.faults if fault.strikes(self.command, path)), None)
        if fault is not None and fault.kind == "cut":
            self.rfile.read(length // 2)
            self._hang_up()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = Call(self.command, path, parse_qs(split.query), headers, self.rfile.read(length), {})
        self.state.requests.append(f"{self.command} {path}")
        if fault is not None and fault.action is not None:
            fault.action()
        try:
            if fault is not None and fault.kind == "status":
                raise RefusedError(500, "Internal error")  # noqa: TRY301  # one place turns refusals into responses
            answer = self.state.answer(call)
        except RefusedError as error:
            headers = {"X-Error-Message": error.message} | ({"X-Error-Code": error.code} if error.code else {})
            answer = Answer({"error": error.message}, error.status, headers)
        if fault is not None and fault.kind == "lost":
            self._hang_up()
            return
        self._send(call, answer, flip=fault is not None and fault.kind == "flip")

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, call: Call, answer: Answer, *, flip: bool) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        if flip:
            body = body[:-1] + bytes([body[-1] ^ 1])
        status = answer.status
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("range", ""))
        if wanted and status == 200:
            start, end = int(wanted[1]), int(wanted[2] or len(body) - 1)
            answer.headers["Content-Range"] = f"bytes {start}-{min(end, len(body) - 1)}/{len(body)}"
            body, status = body[start : end + 1], 206
        self.send_response(status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if not isinstance(answer.body, bytes):
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if call.method != "HEAD":
            self.state.sent += len(body)
            self.wfile.write(body)
