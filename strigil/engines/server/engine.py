"""The server engine: OpenAI-compatible servers, a fleet of `vllm serve` above all, that hold the model for us.

Prompts are rendered and put into token ids here and go to `/completions`, so that a row's prompt is the one that the
manifest records, and the row the one that an engine in this process would write.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from strigil.common.errors import ConfigError, StrigilError
from strigil.data.messages import Messages
from strigil.engines.protocol import Adapter, Completion, Engine, Request, Scorable, TokenScores
from strigil.engines.server import ServerChoice
from strigil.engines.server.fleet import Call, Fleet
from strigil.engines.server.wire import (
    VLLM,
    Answer,
    Order,
    Served,
    ServedList,
    ServerVersion,
    completion_body,
    scoring_body,
)
from strigil.engines.tokens.chat import ChatTokenizer, Prompt, Target, model_facts

T = TypeVar("T")

FIRST_TRIES = 3


@dataclass(frozen=True)
class _Scored:
    index: int
    scores: TokenScores


class ServerEngine(Engine):
    """A model that servers hold; HTTP goes on in a thread of its own while the caller works.

    Args:
        model: The model's folder on this machine, for its tokenizer and chat template.
        choice: The servers.
        name: What manifests call the model, and the servers too, unless `choice.model` says otherwise.
        max_model_len: Longest prompt with its completion, in tokens; None is what the servers hold.

    Raises:
        ConfigError: The folder holds no tokenizer or chat template, or the servers do not serve the model.
        PrerequisiteError: No server answers, or one wants another API key.
    """

    name = "server"

    def __init__(self, model: Path, choice: ServerChoice, *, name: str, max_model_len: int | None = None) -> None:
        self.model = name
        self._served_name = choice.model or name
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="strigil-server-engine", daemon=True)
        self._thread.start()
        try:
            self._fleet = self._wait(_open(choice))
            try:
                listed = self._wait(self._fleet.reachable(Call("the list", "/models"), ServedList, tries=FIRST_TRIES))
                self._served = [self._find(each.data, self._served_name, adapter=None) for each in listed]
                self._lists = [each.data for each in listed]
                self._vllm = all(served.owned_by == VLLM for served in self._served)
                self._versions = self._server_versions()
                lengths = [max_model_len, *(served.max_model_len for served in self._served)]
                context = min([model_facts(model).context, *(length for length in lengths if length is not None)])
                self._chat = ChatTokenizer(model, context=context)
            except StrigilError:
                self._wait(self._fleet.close())
                raise
        except StrigilError:
            self._stop()
            raise
        self._window = choice.concurrency * len(choice.urls)

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the protocol says; holds as many requests as the servers may be sent together.

        When one has failed for good, those under way may still come in before the error is raised.

        Raises:
            ConfigError: A prompt, constraint or adapter does not fit the model or the servers.
            PrerequisiteError: No server answers a request, however often it is sent.
        """
        return self._run(self._complete(self._chat.prompt(request)) for request in requests)

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As the protocol says.

        Raises:
            ConfigError: A text or adapter does not fit, or the servers are not vLLM's.
            PrerequisiteError: No server answers a request, however often it is sent.
        """
        if not self._vllm:
            message = "these servers do not give log-probabilities of a prompt's tokens; vLLM's do"
            raise ConfigError(message, hint="score with vllm serve, or with engine: vllm or transformers")
        targets = self._chat.targets(sequences)
        scores = [TokenScores(sequence.key, (), ()) for sequence in sequences]
        for scored in self._run(self._score(index, each) for index, each in enumerate(targets) if each.completion):
            scores[scored.index] = scored.scores
        return scores

    def render(self, messages: Messages) -> str:
        """As the protocol says."""
        return self._chat.render(messages)

    def versions(self) -> dict[str, str]:
        """As the protocol says; `server` is what the servers say of themselves."""
        return {"server": self._versions} | {name: version(name) for name in ("transformers", "tokenizers")}

    def close(self) -> None:
        """As the protocol says."""
        self._wait(self._fleet.close())
        self._stop()

    def _run(self, jobs: Iterable[Coroutine[None, None, T]]) -> Iterator[T]:
        source = iter(jobs)
        waiting: set[Future[T]] = set()
        finished: SimpleQueue[Future[T]] = SimpleQueue()
        failure: StrigilError | None = None
        self._wait(self._fleet.begin())
        try:
            while True:
                if failure is None:
                    for job in islice(source, self._window - len(waiting)):
                        future = asyncio.run_coroutine_threadsafe(job, self._loop)
                        waiting.add(future)
                        future.add_done_callback(finished.put)
                if not waiting:
                    break
                done = finished.get()
                waiting.discard(done)
                try:
                    result = done.result()
                except StrigilError as error:
                    if failure is None:
                        self._wait(self._fleet.give_up())
                        failure = error
                else:
                    yield result
            if failure is not None:
                raise failure
        finally:
            for future in waiting:
                future.cancel()

    async def _complete(self, prompt: Prompt) -> Completion:
        request = prompt.request
        if request.sampling.constraint is not None and not self._vllm:
            message = f"these servers cannot hold completions to {request.sampling.constraint}; vLLM's can"
            raise ConfigError(message, hint="use vllm serve, or engine: vllm or transformers")
        body = completion_body(
            Order(self._model_of(request.adapter), prompt.ids),
            request.sampling,
            seed=request.seed,
            max_tokens=prompt.max_tokens,
            end_ids=self._chat.end_ids,
            vllm=self._vllm,
        )
        call = Call(f"the request {request.key}", "/completions", body, request.sampling.constraint)
        answer = await self._fleet.call(call, Answer)
        [choice] = answer.choices
        if choice.token_ids is not None:
            text, reason = self._chat.finish(choice.token_ids)
            return Completion(request.key, text, reason, len(choice.token_ids))
        # Whatever but its own end stopped it, the completion is not whole.
        reason = "stop" if choice.finish_reason == "stop" else "length"
        return Completion(request.key, choice.text, reason, answer.usage.completion_tokens)

    async def _score(self, index: int, target: Target) -> _Scored:
        key, ids = target.scorable.key, target.completion
        body = scoring_body(Order(self._model_of(target.scorable.adapter), target.prompt + ids))
        answer = await self._fleet.call(Call(key, "/completions", body), Answer)
        found = answer.choices[0].prompt_logprobs or []
        logprobs = tuple(
            each[token].logprob for each, token in zip(found[-len(ids) :], ids, strict=True) if each is not None
        )
        return _Scored(index, TokenScores(key, tuple(ids), logprobs))

    def _model_of(self, adapter: Adapter | None) -> str:
        if adapter is not None:
            for served in self._lists:
                self._find(served, adapter.name, adapter=adapter)
            return adapter.name
        return self._served_name

    def _find(self, served: Sequence[Served], wanted: str, *, adapter: Adapter | None) -> Served:
        for each in served:
            if each.id == wanted and (adapter is None or each.parent in {None, self._served_name}):
                return each
        names = ", ".join(each.id for each in served) or "no model"
        if adapter is None:
            message = f"the servers do not serve {wanted!r}, but {names}"
            raise ConfigError(message, hint=f"vllm serve ... --served-model-name {wanted}, or engine: {{model: NAME}}")
        message = f"the servers do not serve the adapter {wanted!r} of {self._served_name}, but {names}"
        raise ConfigError(message, hint=f"vllm serve ... --enable-lora --lora-modules {wanted}={adapter.path}")

    def _server_versions(self) -> str:
        if not self._vllm:
            return "unknown"
        # vLLM's own routes are beside /v1, not below it.
        found = self._wait(self._fleet.reachable(Call("the version", "/../version"), ServerVersion, tries=FIRST_TRIES))
        return ", ".join(sorted({f"vllm {each.version}" for each in found}))

    def _wait(self, job: Coroutine[None, None, T]) -> T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _open(choice: ServerChoice) -> Fleet:
    return Fleet(
        choice.urls,
        key=os.environ.get(choice.key_variable) or None,
        key_variable=choice.key_variable,
        concurrency=choice.concurrency,
        timeout=choice.timeout,
        retries=choice.retries,
    )
