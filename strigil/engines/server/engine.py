"""The server engine: OpenAI-compatible servers, a fleet of `vllm serve` above all, that hold the model for us.

Prompts are rendered and put into token ids here and go to `/completions`, so that a row's prompt is the one that the
manifest records, and the row the one that an engine in this process would write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError
from strigil.data.messages import Messages
from strigil.engines.protocol import Adapter, Completion, Engine, Request, Scorable, TokenScores
from strigil.engines.server import ServerChoice
from strigil.engines.server.exchange import Call
from strigil.engines.server.fleet import Fleet
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
from strigil.models.catalog import adapter_digest

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
        facts = model_facts(model)
        self._vocabulary = facts.vocabulary
        self._loaded: dict[Adapter, str] = {}
        with ExitStack() as stack:
            self._fleet = stack.enter_context(Fleet(choice))
            listed = self._fleet.reachable(Call("the list", "/models"), ServedList, tries=FIRST_TRIES)
            served = [self._find(each.data, self._served_name, adapter=None) for each in listed]
            self._lists = [each.data for each in listed]
            self._vllm = all(each.owned_by == VLLM for each in served)
            self._versions = self._server_versions()
            lengths = [max_model_len, *(each.max_model_len for each in served)]
            context = min([facts.context, *(length for length in lengths if length is not None)])
            self._chat = ChatTokenizer(model, context=context)
            self._stack = stack.pop_all()

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the protocol says; holds as many requests as the servers may be sent together.

        When one has failed for good, those under way may still come in before the error is raised.

        Raises:
            ConfigError: A prompt, constraint or adapter does not fit the model or the servers.
            PrerequisiteError: No server answers a request, however often it is sent.
        """
        return self._fleet.run(
            partial(self._complete, self._chat.prompt(request), self._model_of(request.adapter)) for request in requests
        )

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
        scores = [TokenScores(sequence.key, (), (), n_prompt=0) for sequence in sequences]
        jobs = (
            partial(self._score, index, each, self._model_of(each.scorable.adapter))
            for index, each in enumerate(targets)
            if each.completion
        )
        for scored in self._fleet.run(jobs):
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
        self._stack.close()

    async def _complete(self, prompt: Prompt, model: str) -> Completion:
        request = prompt.request
        if request.sampling.constraint is not None and not self._vllm:
            message = f"these servers cannot hold completions to {request.sampling.constraint}; vLLM's can"
            raise ConfigError(message, hint="use vllm serve, or engine: vllm or transformers")
        body = completion_body(
            Order(model, prompt.ids),
            request.sampling,
            seed=request.seed,
            max_tokens=prompt.max_tokens,
            end_ids=self._chat.end_ids,
            vllm=self._vllm,
        )
        call = Call(
            f"the request {request.key}", "/completions", body, request.sampling.constraint, tokens=prompt.max_tokens
        )
        answer = await self._fleet.call(call, Answer)
        [choice] = answer.choices
        if choice.token_ids is not None:
            if len(choice.token_ids) > prompt.max_tokens or max(choice.token_ids, default=0) >= self._vocabulary:
                raise self._other_model(call.key, "tokens that were not asked for, or that the model does not have")
            text, reason = self._chat.finish(choice.token_ids)
            return Completion(request.key, text, reason, len(choice.token_ids), len(prompt.ids))
        if answer.usage.completion_tokens > prompt.max_tokens:
            raise self._other_model(call.key, f"more tokens than the {prompt.max_tokens} that were asked for")
        # Whatever but its own end stopped it, the completion is not whole.
        reason = "stop" if choice.finish_reason == "stop" else "length"
        return Completion(request.key, choice.text, reason, answer.usage.completion_tokens, len(prompt.ids))

    async def _score(self, index: int, target: Target, model: str) -> _Scored:
        key, ids = target.scorable.key, target.completion
        body = scoring_body(Order(model, target.prompt + ids))
        answer = await self._fleet.call(Call(key, "/completions", body, tokens=len(target.prompt) + len(ids)), Answer)
        found = (answer.choices[0].prompt_logprobs or [])[-len(ids) :]
        scored = [each[token] for each, token in zip(found, ids, strict=False) if each is not None and token in each]
        if len(scored) < len(ids):
            raise self._other_model(key, "log-probabilities of other tokens than it was sent")
        logprobs = tuple(each.logprob for each in scored)
        return _Scored(index, TokenScores(key, tuple(ids), logprobs, n_prompt=len(target.prompt)))

    def _model_of(self, adapter: Adapter | None) -> str:
        """What the servers call it; an adapter that they do not have is loaded, where they are vLLM's and allow it."""
        if adapter is None:
            return self._served_name
        if adapter not in self._loaded:
            name = adapter.name
            missing = not all(any(each.id == name for each in served) for served in self._lists)
            if missing and self._vllm and (adapter.path / "adapter_config.json").is_file():
                # By its content: another study may have called another one so.
                name = f"{name.replace(' ', '-')}-{adapter_digest(adapter.path)[:12]}"
                body: dict[str, Json] = {"lora_name": name, "lora_path": str(adapter.path.resolve())}
                self._fleet.tell(Call(f"the adapter {name}", "/load_lora_adapter", body))
                listed = self._fleet.reachable(Call("the list", "/models"), ServedList, tries=FIRST_TRIES)
                self._lists = [each.data for each in listed]
            for served in self._lists:
                self._find(served, name, adapter=adapter)
            self._loaded[adapter] = name
        return self._loaded[adapter]

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

    def _other_model(self, key: str, what: str) -> ConfigError:
        message = f"a server answers {key} with {what}"
        return ConfigError(message, hint=f"see that it serves the same {self.model} as is in this machine's folder")

    def _server_versions(self) -> str:
        if not self._vllm:
            return "unknown"
        # vLLM's own routes are beside /v1, not below it.
        found = self._fleet.reachable(Call("the version", "/../version"), ServerVersion, tries=FIRST_TRIES)
        return ", ".join(sorted({f"vllm {each.version}" for each in found}))
