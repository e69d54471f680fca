"""Models that only answer chats: any OpenAI-compatible server, of which nothing is on this machine.

No engine: a model without its tokenizer here can neither be scored nor be given a prompt that a manifest records. It
serves as a judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from pydantic import BaseModel

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError
from strigil.engines.protocol import Completion, FinishReason, Request
from strigil.engines.server import ServerChoice
from strigil.engines.server.exchange import Call
from strigil.engines.server.fleet import Fleet
from strigil.engines.server.wire import TokenCount


class _Said(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: TokenCount | None = None
    completion_tokens: TokenCount = 0


class _Answer(BaseModel):
    choices: tuple[_Choice]
    usage: _Usage = _Usage()


class ChatServer:
    """A model behind `/chat/completions`.

    Args:
        choice: The servers.
        model: What they call the model.
    """

    def __init__(self, choice: ServerChoice, model: str) -> None:
        self.model = model
        self._choice = choice

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """One answer for each request; those that came before a failure are given away before it is raised.

        Raises:
            ConfigError: The server refuses a request, or one asks for what chats do not have.
            PrerequisiteError: No server answers, however often it is asked.
        """
        with Fleet(self._choice) as fleet:
            yield from fleet.run(partial(self._answer, fleet, request) for request in requests)

    async def _answer(self, fleet: Fleet, request: Request) -> Completion:
        sampling = request.sampling
        if request.adapter is not None or sampling.constraint is not None:
            message = f"{request.key}: a chat server takes no adapter and no constraint"
            raise ConfigError(message)
        body: dict[str, Json] = {
            "model": self.model,
            "messages": [{"role": turn["role"], "content": turn["content"]} for turn in request.messages],
            "max_tokens": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "n": 1,
            "stream": False,
        }
        call = Call(f"the request {request.key}", "/chat/completions", body, tokens=sampling.max_tokens)
        answer = await fleet.call(call, _Answer)
        [said] = answer.choices
        reason: FinishReason = "stop" if said.finish_reason == "stop" else "length"
        usage = answer.usage
        return Completion(request.key, said.message.content or "", reason, usage.completion_tokens, usage.prompt_tokens)
