"""A judge that is no model: an HTTP server on loopback that rates answers by a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self

Script = Callable[[str], str]
"""From the prompt that the judge is given to its reply."""


class ScriptedJudge:
    """Answers `/v1/chat/completions` as the script says.

    Args:
        script: What it says.
        busy: How many requests are told to come again, before the first answer.
        answers: After how many answers it is busy for good; None is never.
        counts: Whether it says how many tokens it read: a word is one.

    Attributes:
        prompts: What it was asked.
        keys: The `Authorization` headers that it was sent.
    """

    def __init__(self, script: Script, *, busy: int = 0, answers: int | None = None, counts: bool = False) -> None:
        self.prompts: list[str] = []
        self.keys: set[str | None] = set()
        self._script = script
        self._busy = busy
        self._answers = answers
        self._counts = counts
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def reply(self, path: str, key: str | None, body: dict[str, object]) -> tuple[int, dict[str, object]]:
        """Status and body of an answer."""
        if path != "/v1/chat/completions" or body.get("model") != "scripted-judge":
            return 404, {"error": {"message": "there is only scripted-judge here"}}
        if self._busy > 0:
            self._busy -= 1
            return 503, {"error": {"message": "busy"}}
        if self._answers is not None and len(self.prompts) >= self._answers:
            return 503, {"error": {"message": "down"}}
        self.keys.add(key)
        messages = body["messages"]
        assert isinstance(messages, list)
        prompt = messages[-1]["content"]
        self.prompts.append(prompt)
        said = {"role": "assistant", "content": self._script(prompt)}
        read = {"prompt_tokens": len(prompt.split())} if self._counts else {}
        return 200, {"choices": [{"message": said, "finish_reason": "stop"}], "usage": {"completion_tokens": 1, **read}}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        judge = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = judge.reply(self.path, self.headers["Authorization"], body)
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *arguments: object) -> None:
                del format, arguments

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
