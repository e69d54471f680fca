"""An engine as a model of Inspect, so that Inspect's tasks ask a base or one of its adapters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from anyio import Lock, to_thread
from inspect_ai.model import (
    ChatMessage,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    StopReason,
    modelapi,
)

from strigil.common.canonical import Json, derive_seed, digest
from strigil.common.errors import ConfigError, StrigilError
from strigil.data.messages import Message, Messages, Sampling
from strigil.engines.protocol import Adapter, Completion, Engine, Request
from strigil.eval.asking import behind

if TYPE_CHECKING:
    from inspect_ai.tool import ToolChoice, ToolInfo

AT_ONCE: Final = 512
"""Samples that Inspect has under way: the engine makes its own batches of what is waiting."""
MOST_TOKENS: Final = 2048
"""Longest answer where a task names no length: Inspect's own default for local models."""
NOT_HERE: Final = frozenset(
    {
        "best_of",
        "frequency_penalty",
        "presence_penalty",
        "logit_bias",
        "logprobs",
        "prompt_logprobs",
        "response_schema",
        "modalities",
    }
)
"""What a task may ask of a model that no engine gives; to leave it out in silence would be another task."""
_STOPS: Final[dict[Literal["stop", "length"], StopReason]] = {"stop": "stop", "length": "max_tokens"}


def inspect_model(engine: Engine, name: str, adapter: Adapter | None, *, system: str | None = None) -> Model:
    """The engine's base, or one of its adapters, as a model of Inspect.

    A task that names no temperature gets the likeliest answers, as lm-eval's harness takes them.

    Args:
        engine: Holds the base.
        name: What logs call the model, after "strigil/".
        adapter: The student or teacher; None is the base.
        system: The system prompt that it is asked behind where the task has none; None for the template's.
    """
    # The decorator makes a class of what only builds one, and knows nothing of its arguments.
    build = cast("Callable[[str, Engine, Adapter | None, str | None], ModelAPI]", _provider)
    return Model(build(name, engine, adapter, system), GenerateConfig(max_connections=AT_ONCE))


@dataclass
class _Waiting:
    """A request, and what came of it."""

    request: Request
    answer: Completion | None = None
    error: StrigilError | None = None


class EngineModel(ModelAPI):
    """Hands the requests of all samples to the engine together; one that fails fails alone."""

    def __init__(self, model_name: str, engine: Engine, adapter: Adapter | None, system: str | None) -> None:
        super().__init__(model_name)
        self._engine = engine
        self._adapter = adapter
        self._system = system
        self._waiting: list[_Waiting] = []
        self._busy = Lock()
        self._asked: Counter[str] = Counter()

    async def generate(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        """One answer.

        Raises:
            ConfigError: The task asks for what engines do not give, or the prompt does not fit into the context.
        """
        _check(tools, config)
        mine = _Waiting(self._request(behind(_chat(input), self._system), config))
        self._waiting.append(mine)
        async with self._busy:
            # Whoever comes first answers for all that wait meanwhile.
            if mine.answer is None and mine.error is None:
                batch, self._waiting = self._waiting, []
                await to_thread.run_sync(self._run, batch)
        if mine.answer is None:
            raise mine.error or RuntimeError(mine.request.key)
        return self._output(mine.answer, config.stop_seqs or [])

    def _request(self, messages: Messages, config: GenerateConfig) -> Request:
        sampling = Sampling(
            temperature=0.0 if config.temperature is None else config.temperature,
            top_p=1.0 if config.top_p is None else config.top_p,
            top_k=config.top_k or 0,
            max_tokens=config.max_tokens or MOST_TOKENS,
            seed=config.seed or 0,
        )
        said: list[Json] = [part for message in messages for part in (message["role"], message["content"])]
        text = digest([sampling.model_dump(mode="json"), said])
        # The same prompt again is another sample, whatever the order in which samples come.
        again = self._asked[text]
        self._asked[text] += 1
        seed = derive_seed(sampling.seed, text, again)
        return Request(f"{text[:12]}/{again}", messages, sampling, seed, self._adapter)

    def _run(self, batch: Sequence[_Waiting]) -> None:
        by_key = {waiting.request.key: waiting for waiting in batch}
        try:
            for answer in self._engine.generate(waiting.request for waiting in batch):
                by_key[answer.key].answer = answer
        except StrigilError as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for waiting in batch:
                if waiting.answer is None:
                    self._run([waiting])

    def _output(self, answer: Completion, stops: Sequence[str]) -> ModelOutput:
        # Cut where it would have stopped: engines stop at the model's own end alone.
        ends = [place for place in (answer.text.find(stop) for stop in stops) if place >= 0]
        text = answer.text[: min(ends)] if ends else answer.text
        output = ModelOutput.from_content(self.model_name, text, "stop" if ends else _STOPS[answer.finish_reason])
        read = answer.n_prompt or 0
        output.usage = ModelUsage(input_tokens=read, output_tokens=answer.n_tokens, total_tokens=read + answer.n_tokens)
        return output


@modelapi(name="strigil")
def _provider() -> type[ModelAPI]:
    return EngineModel


def _check(tools: Sequence[ToolInfo], config: GenerateConfig) -> None:
    asked = [name for name, value in config.model_dump(include=set(NOT_HERE), exclude_none=True).items() if value]
    if tools:
        asked.append("tools")
    if (config.num_choices or 1) > 1:
        asked.append("num_choices")
    if asked:
        message = f"the task asks its model for {', '.join(asked)}, which strigil's engines do not give"
        raise ConfigError(message, hint="evaluate with a task of plain questions and answers")


def _chat(messages: Sequence[ChatMessage]) -> Messages:
    for message in messages:
        parts = [] if isinstance(message.content, str) else message.content
        others = sorted({part.type for part in parts} - {"text"})
        if others:
            said = f"the task shows its model {', '.join(others)}: engines read text alone"
            raise ConfigError(said)
    return tuple(Message(role=message.role, content=message.text) for message in messages)
