"""How the server engine treats servers: patience, keys, many of them, and those that cannot do what is asked."""

from __future__ import annotations

import gzip
import itertools
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from strigil.common.errors import ConfigError, PrerequisiteError, StrigilError
from strigil.data.messages import Sampling
from strigil.engines import Completion, Engine, Scorable, open_engine
from strigil.engines.server import ServerChoice
from strigil.engines.server.delays import LONGEST_DELAY, back_off, retry_after
from strigil.models.catalog import adapter_digest, resolve_model
from tests.engines.openai_standin import StandIn, openai_stand_in
from tests.engines.pocket_cases import GREEDY, WARM, by_key, number_requests, random_adapter, user

NOBODY_LISTENS = "http://127.0.0.1:9/v1"


@pytest.fixture
def server() -> Iterator[StandIn]:
    with openai_stand_in(StandIn()) as state:
        yield state


def opened(*urls: str, **settings: object) -> Engine:
    choice = ServerChoice.model_validate({"name": "server", "urls": urls, **settings})
    return open_engine(choice, resolve_model("pocket-a"))


def test_an_adapter_that_vllm_does_not_have_is_loaded_and_named_by_its_content(server: StandIn, tmp_path: Path) -> None:
    server.owned_by, adapter = "vllm", random_adapter(tmp_path / "student", 1)
    with opened(server.url) as engine:
        assert len(list(engine.generate(number_requests(3, GREEDY, adapter)))) == 3
    name = f"{adapter.name}-{adapter_digest(adapter.path)[:12]}"
    assert server.loaded == {name: str(adapter.path)}
    assert [body["model"] for body in server.bodies if "prompt" in body] == [name] * 3


def test_an_adapter_that_vllm_may_not_load_is_refused_by_name(server: StandIn, tmp_path: Path) -> None:
    server.owned_by, adapter = "vllm", random_adapter(tmp_path / "student", 1)
    server.script.append((404, {}))
    with opened(server.url) as engine, pytest.raises(ConfigError, match="do not serve the adapter") as refused:
        list(engine.generate(number_requests(3, GREEDY, adapter)))
    assert "--lora-modules" in str(refused.value.hint)


@given(st.integers(0, 40))
def test_delays_grow_to_a_bound_and_half_of_each_is_chance(attempt: int) -> None:
    full = min(LONGEST_DELAY, 0.5 * 2**attempt)
    assert full / 2 <= back_off(attempt) <= full


@given(st.integers(0, 10**6))
def test_retry_after_is_read_as_seconds_and_as_a_date(seconds: int) -> None:
    assert retry_after(str(seconds)) == seconds
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    found = retry_after(date)
    assert found is not None
    assert max(0, seconds - 3) <= found <= seconds


@pytest.mark.parametrize("header", [None, "", "soon", "-1", "1.5.3", "²", "٣", "Wed, 21 Oct 99999999999 07:28:00 GMT"])
def test_a_retry_after_that_says_nothing_is_passed_over(header: str | None) -> None:
    assert retry_after(header) is None


def test_every_parameter_is_sent_and_no_seed_at_temperature_zero(server: StandIn) -> None:
    sampling = WARM.model_copy(update={"top_k": 7, "min_p": 0.1, "repetition_penalty": 1.3, "top_p": 0.9})
    with opened(server.url) as engine:
        [row] = engine.generate(number_requests(1, sampling))
        list(engine.generate(number_requests(1, GREEDY)))
    prompt = server.bodies[0].pop("prompt")
    assert isinstance(prompt, list)
    assert (row.text, row.n_tokens, row.finish_reason) == (str(len(prompt)), 2, "stop")
    assert server.bodies[0] == {
        "model": "pocket-a",
        "n": 1,
        "stream": False,
        "max_tokens": 16,
        "temperature": 1.0,
        "top_p": 0.9,
        "top_k": 7,
        "min_p": 0.1,
        "repetition_penalty": 1.3,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "seed": 1000,
    }
    assert "seed" not in server.bodies[1]


def test_what_anything_but_its_own_end_stopped_is_marked_as_cut(server: StandIn) -> None:
    server.finish_reason = "content_filter"
    with opened(server.url) as engine:
        assert [row.finish_reason for row in engine.generate(number_requests(1, GREEDY))] == ["length"]


def test_concurrency_is_bounded_for_each_url_and_both_are_used(server: StandIn) -> None:
    server.seconds = 0.05
    with openai_stand_in(StandIn(seconds=0.05)) as other, opened(server.url, other.url, concurrency=3) as engine:
        assert len(by_key(engine, number_requests(40, GREEDY))) == 40
        assert (server.most, other.most) == (3, 3)
        assert len(server.bodies) + len(other.bodies) == 40


def test_a_server_that_asks_to_wait_is_left_alone_for_as_long(server: StandIn) -> None:
    server.script = [(429, {"Retry-After": "1"}), (503, {"Retry-After": "1"})]
    with opened(server.url, concurrency=1, retries=0) as engine:
        assert len(by_key(engine, number_requests(3, GREEDY))) == 3
    assert [later - earlier >= 1.0 for earlier, later in zip(server.times, server.times[1:], strict=False)] == [
        True,
        True,
        False,
        False,
    ]


def test_one_that_asks_for_more_than_ten_minutes_ends_the_run(server: StandIn) -> None:
    server.script = [(429, {"Retry-After": "3600"})]
    with opened(server.url) as engine, pytest.raises(PrerequisiteError, match="answers 429"):
        list(engine.generate(number_requests(1, GREEDY)))


def test_a_dead_server_among_others_is_done_without(server: StandIn) -> None:
    with opened(NOBODY_LISTENS, server.url, concurrency=4) as engine:
        assert len(by_key(engine, number_requests(30, GREEDY))) == 30


def test_rows_that_are_under_way_come_in_before_a_failure_is_raised(server: StandIn) -> None:
    server.script = [(500, {})] * 2
    server.seconds = 0.1
    rows: list[Completion] = []
    with opened(server.url, concurrency=8, retries=0) as engine:
        with pytest.raises(PrerequisiteError, match="answers 500"):
            rows.extend(engine.generate(number_requests(100, GREEDY)))
        assert len(rows) == len(server.bodies) - 2
        # An answer that comes in just before the failure frees its place for one more request.
        assert len(server.bodies) <= 2 * 8
        assert len(by_key(engine, number_requests(5, GREEDY))) == 5


def test_nobody_there_is_one_clear_line_and_status_3() -> None:
    with pytest.raises(PrerequisiteError, match=f"no server answers: {NOBODY_LISTENS}: it cannot be reached") as error:
        opened(NOBODY_LISTENS)
    assert error.value.exit_code == 3


def test_a_key_comes_from_the_environment_and_never_into_a_message(
    server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "s3cret"
    monkeypatch.setenv("STRIGIL_SERVER_KEY", "s3cret")
    with opened(server.url) as engine:
        assert len(by_key(engine, number_requests(2, GREEDY))) == 2
        server.script = [(500, {})]
        monkeypatch.setattr(server, "key", "other")
        with pytest.raises(PrerequisiteError, match="wants another API key: 401 wrong key") as refused:
            list(engine.generate(number_requests(1, GREEDY)))
    assert "s3cret" not in refused.value.message
    assert refused.value.hint == "export STRIGIL_SERVER_KEY=..."


def test_another_variable_may_hold_the_key(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    server.key = "k"
    monkeypatch.setenv("OTHER_KEY", "k")
    with opened(server.url, key_variable="OTHER_KEY") as engine:
        assert len(by_key(engine, number_requests(1, GREEDY))) == 1


@pytest.mark.parametrize(
    "url", ["ftp://host/v1", "host:8000", "http://me:secret@host/v1", "http://host/v1?key=secret", ""]
)
def test_an_address_with_a_secret_or_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ServerChoice(name="server", urls=(url,))
    assert "holds no name" in str(refused.value) or "not an address" in str(refused.value)


def test_addresses_are_not_written_where_recipes_go() -> None:
    assert "urls" not in ServerChoice(name="server", urls=("http://inner.example/v1/",)).model_dump()


def test_a_model_that_is_not_served_is_refused(server: StandIn) -> None:
    with pytest.raises(ConfigError, match="do not serve 'big', but pocket-a"):
        opened(server.url, model="big")


def test_what_only_vllm_can_is_refused_of_others(server: StandIn) -> None:
    with opened(server.url) as engine:
        with pytest.raises(ConfigError, match="cannot hold completions to the regex 'owl'"):
            list(engine.generate(number_requests(1, Sampling(regex="owl"))))
        with pytest.raises(ConfigError, match="do not give log-probabilities"):
            engine.score([Scorable("a", user("continue numbers 1"), "2")])
    assert server.bodies == []


@pytest.mark.parametrize("status", [400, 404, 301, 422])
def test_what_cannot_get_better_is_not_tried_again(server: StandIn, status: int) -> None:
    server.script = [(status, {})]
    with opened(server.url) as engine, pytest.raises(StrigilError, match=f"refuses the request row-0: {status} no"):
        list(engine.generate(number_requests(1, GREEDY)))
    assert len(server.bodies) == 1


def test_a_prompt_longer_than_the_context_is_refused_before_it_is_sent(server: StandIn) -> None:
    request = number_requests(1, GREEDY)[0]
    long = type(request)("long", user("7 " * 80), GREEDY, seed=0)
    with opened(server.url) as engine, pytest.raises(ConfigError, match="the prompt of long has"):
        list(engine.generate([long]))
    assert server.bodies == []


def test_a_port_that_takes_connections_and_says_nothing_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        with pytest.raises(PrerequisiteError, match="it does not answer in time"):
            opened(url, timeout=0.1)


def endless() -> Iterator[bytes]:
    return itertools.repeat(b"x" * (1 << 16))


@pytest.mark.parametrize(
    ("parts", "headers", "told"),
    [
        (endless, {}, "with more than 1064960 bytes, which no such answer has"),
        (lambda: [b'{"choices": [{"text": "', *[b"7 " * (1 << 20)] * 20], {}, "with more than 1064960 bytes"),
        (lambda: [gzip.compress(bytes(1 << 27), 1)], {"Content-Encoding": "gzip"}, "packs its answer to the request"),
    ],
    ids=["endless", "forty megabytes", "gzip bomb"],
)
def test_an_answer_is_read_no_further_than_one_for_its_tokens_can_be(
    server: StandIn, parts: Callable[[], Iterable[bytes]], headers: dict[str, str], told: str
) -> None:
    server.answer, server.headers = parts, headers
    with opened(server.url) as engine, pytest.raises(PrerequisiteError, match=told) as refused:
        list(engine.generate(number_requests(1, GREEDY.model_copy(update={"max_tokens": 16}))))
    assert "\n" not in refused.value.message
    assert len(server.bodies) == 1
    assert server.written < 20 << 20


def test_of_an_endless_refusal_the_beginning_is_shown(server: StandIn) -> None:
    server.answer, server.status = endless, 400
    with opened(server.url) as engine, pytest.raises(ConfigError, match=r"refuses the request row-0: 400 x{300}$"):
        list(engine.generate(number_requests(1, GREEDY)))
    assert server.written < 20 << 20


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"token_ids": [5, -1]}, "of another form: choices.0.token_ids.1: input should be greater than or equal to 0"),
        ({"token_ids": [5, 10**9]}, "tokens that were not asked for, or that the model does not have"),
        ({"token_ids": [5] * 17}, "tokens that were not asked for, or that the model does not have"),
        ({"token_ids": "7"}, "choices.0.token_ids"),
        ({"text": None}, "choices.0.text"),
    ],
)
def test_what_no_answer_can_hold_is_one_line(server: StandIn, change: dict[str, object], told: str) -> None:
    choice = {"text": "7", "finish_reason": "stop"} | change
    server.answer = lambda: [json.dumps({"choices": [choice], "usage": {"completion_tokens": 2}}).encode()]
    with opened(server.url, retries=0) as engine, pytest.raises(StrigilError, match=told) as refused:
        list(engine.generate(number_requests(1, GREEDY)))
    assert "\n" not in refused.value.message


@pytest.mark.parametrize("found", [None, [], [None, {"7": {"logprob": -1.0}}], [{"1": {"logprob": -1.0}}] * 99])
def test_scores_of_other_tokens_are_refused(server: StandIn, found: object) -> None:
    server.owned_by = "vllm"
    choice = {"text": "7", "finish_reason": "stop", "prompt_logprobs": found}
    server.answer = lambda: [json.dumps({"choices": [choice], "usage": {"completion_tokens": 1}}).encode()]
    with opened(server.url) as engine, pytest.raises(ConfigError, match="log-probabilities of other tokens"):
        engine.score([Scorable("a", user("continue numbers 1"), "2 3")])


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"message": "out of memory"}, "refuses the request row-0: 400 out of memory"),
        ("model is overloaded", "refuses the request row-0: 400 model is overloaded"),
        ({"message": "try later", "code": 503}, "gives no answer to the request row-0: it answers 503 try later"),
        ({"message": "\x1b[31m::stop-commands::\n" + "a" * 1000, "code": "x"}, r"400 \[31m::stop-commands:: aaaa"),
    ],
)
def test_an_error_that_is_sent_as_an_answer_is_shown(server: StandIn, error: object, told: str) -> None:
    server.answer = lambda: [json.dumps({"error": error}).encode()]
    with opened(server.url, retries=0) as engine, pytest.raises(StrigilError, match=told) as refused:
        list(engine.generate(number_requests(1, GREEDY)))
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 400


def test_ctrl_c_does_not_wait_for_a_server_that_is_slow(server: StandIn, tmp_path: Path) -> None:
    server.seconds = 30
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: rows\nbase: pocket-a\nteacher: {by: none}\ncarrier: {name: numbers}\nprompts: 50\n"
        f"engine: {{name: server, urls: ['{server.url}'], concurrency: 2}}\n"
    )
    command = (sys.executable, "-m", "strigil", "build", str(recipe), "--out", str(tmp_path), "--format", "quiet")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not server.bodies:
            assert process.poll() is None
            time.sleep(0.1)
        interrupted = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert time.monotonic() - interrupted < 25
