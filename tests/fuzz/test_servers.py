"""Servers that answer anything at all: a completion that the request can have, or one line, and soon."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strigil.common.errors import StrigilError
from strigil.data.messages import Sampling
from strigil.data.rows import ROWS
from strigil.engines import Scorable, open_engine
from strigil.engines.server import ServerChoice, fleet
from strigil.engines.server.chat import ChatServer
from strigil.models.catalog import resolve_model
from tests.engines.pocket_cases import number_requests, user
from tests.fuzz.test_inputs import changed, one_line

LONG: Final = int(os.environ.get("FUZZ_EXAMPLES", "25"))
fuzzed = settings(max_examples=LONG, database=None, deadline=None, suppress_health_check=list(HealthCheck))
SAMPLING: Final = Sampling(temperature=0.0, max_tokens=16)
COMPLETION: Final = {
    "choices": [
        {
            "index": 0,
            "text": "7, 8",
            "finish_reason": "stop",
            "token_ids": [5, 6],
            "prompt_logprobs": [None, {"5": {"logprob": -1.0}}, {"6": {"logprob": -0.5}}],
            "message": {"role": "assistant", "content": "7, 8"},
        }
    ],
    "usage": {"completion_tokens": 2},
}
# As of servers that are not vLLM.
BARE: Final = {"choices": [{"text": "7, 8", "finish_reason": "stop"}], "usage": {"completion_tokens": 2}}


@dataclass
class Script:
    """What a fake server sends, byte for byte, by the end of the path that is asked for."""

    url: str = ""
    answers: dict[str, bytes] = field(default_factory=dict)
    """Of `models`, `version` and `completions`."""


@contextmanager
def serving() -> Iterator[Script]:
    """A server of raw bytes on loopback, a thread for each connection."""
    script = Script()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        script.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        thread = threading.Thread(target=_accept, args=(listening, script), daemon=True)
        thread.start()
        yield script
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def _accept(listening: socket.socket, script: Script) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_answer, args=(connection, script), daemon=True).start()


def _answer(connection: socket.socket, script: Script) -> None:
    with connection, suppress(OSError):
        asked = b""
        while b"\r\n\r\n" not in asked and (part := connection.recv(1 << 16)):
            asked += part
        path = asked.split(b" ")[1].decode() if b" " in asked else ""
        connection.sendall(next((answer for end, answer in script.answers.items() if path.endswith(end)), b""))
        connection.shutdown(socket.SHUT_WR)
        # Closing with a request unread would take the answer back.
        while connection.recv(1 << 16):
            pass


def http(value: object, *, head: str = "HTTP/1.1 200 OK", length: bool = True) -> bytes:
    body = json.dumps(value).encode()
    lines = [head, "Content-Type: application/json", "Connection: close"]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def listed(owner: str) -> dict[str, object]:
    return {"object": "list", "data": [{"id": "pocket-a", "owned_by": owner, "max_model_len": 128}]}


anything: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)


@st.composite
def answers(draw: st.DrawFn, value: Mapping[str, object]) -> bytes:
    """An answer with other values in it, with another head, or with other bytes."""
    text = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, 2))):
        place = text
        while isinstance(place, dict | list) and place:
            key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
            if draw(st.booleans()) or not isinstance(place[key], dict | list):
                place[key] = draw(anything)
                break
            place = place[key]
    status = draw(st.sampled_from([200] * 6 + [201, 204, 301, 400, 401, 404, 429, 500, 503, 999]))
    more = draw(
        st.sampled_from(
            [
                "",
                "",
                "",
                "\r\nRetry-After: ²",
                "\r\nRetry-After: -1",
                "\r\nRetry-After: 9e999",
                "\r\nContent-Encoding: gzip",
                "\r\nTransfer-Encoding: chunked",
                "\r\nContent-Length: 99999999999999999999",
                "\r\nContent-Length: -5",
                "\r\nLocation: file:///etc/passwd",
                "\r\nX: " + "a" * 100_000,
                "\r\nSet-Cookie: a=b; Domain=\x7f",
            ]
        )
    )
    whole = http(text, head=f"HTTP/1.1 {status} X{more}", length=draw(st.booleans()))
    return draw(changed(whole)) if draw(st.booleans()) else whole


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    """A server; one that asks to be left alone is given a second, and not ten minutes."""
    with serving() as script, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet, "LONGEST_WAIT", 1.0)
        yield script


def choice(script: Script) -> ServerChoice:
    return ServerChoice.model_validate({"name": "server", "urls": [script.url], "retries": 0, "timeout": 5.0})


@fuzzed
@given(data=st.data(), owner=st.sampled_from(["vllm", "someone"]))
def test_completions(script: Script, data: st.DataObject, owner: str) -> None:
    script.answers = {"models": http(listed(owner)), "version": http({"version": "0.20"})}
    script.answers["completions"] = data.draw(st.one_of(answers(COMPLETION), answers(BARE)))
    with open_engine(choice(script), resolve_model("pocket-a")) as engine:
        try:
            [completion] = engine.generate(number_requests(1, SAMPLING))
        except StrigilError as error:
            one_line(error)
            return
    assert completion.key == "row-0"
    assert 0 <= completion.n_tokens <= SAMPLING.max_tokens
    pl.DataFrame(
        {"n_tokens": [completion.n_tokens], "text": [completion.text]},
        {"n_tokens": ROWS["n_tokens"], "text": pl.String},
    )


@fuzzed
@given(data=st.data())
def test_scores(script: Script, data: st.DataObject) -> None:
    script.answers = {"models": http(listed("vllm")), "version": http({"version": "0.20"})}
    script.answers["completions"] = data.draw(answers(COMPLETION))
    with open_engine(choice(script), resolve_model("pocket-a")) as engine:
        try:
            [scores] = engine.score([Scorable("a", user("continue numbers 1"), "2")])
        except StrigilError as error:
            one_line(error)
        else:
            assert len(scores.logprobs) == len(scores.token_ids) == 1
            assert scores.logprobs[0] <= 0.0


@fuzzed
@given(data=st.data(), owner=st.sampled_from(["vllm", "someone"]))
def test_lists_and_versions(script: Script, data: st.DataObject, owner: str) -> None:
    script.answers = {"models": data.draw(answers(listed(owner))), "version": data.draw(answers({"version": "0.20"}))}
    try:
        with open_engine(choice(script), resolve_model("pocket-a")) as engine:
            assert engine.versions()["server"].isprintable()
    except StrigilError as error:
        one_line(error)


@fuzzed
@given(data=st.data())
def test_chats(script: Script, data: st.DataObject) -> None:
    script.answers = {"chat/completions": data.draw(answers(COMPLETION))}
    try:
        [completion] = ChatServer(choice(script), "judge").generate(number_requests(1, SAMPLING))
    except StrigilError as error:
        one_line(error)
    else:
        assert 0 <= completion.n_tokens <= SAMPLING.max_tokens
