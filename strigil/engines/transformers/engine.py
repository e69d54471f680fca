"""The transformers engine: for machines where vLLM cannot run, and the reference that vLLM is tested against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from strigil.data.messages import Messages, Sampling
from strigil.engines.dtype import computed_in
from strigil.engines.protocol import Adapter, Completion, Dtype, Engine, Redraw, Request, Scorable, TokenScores
from strigil.engines.tokens.chat import ChatTokenizer, Prompt, model_facts
from strigil.engines.transformers.decoding import decode
from strigil.engines.transformers.lora import AdapterSwitch
from strigil.engines.transformers.resampling import Draws, redraw
from strigil.engines.transformers.scoring import Placed, batches
from strigil.models.loading import load_causal_model

if TYPE_CHECKING:
    from strigil.engines.transformers.constraint import ConstraintCompiler

WINDOW: Final = 8192
"""Requests held at a time, so that batches of equal sampling and similar length can be made of them."""
BATCH_BYTES: Final = 1 << 29
"""Most memory that a batch's key-value cache, or its logits, may take on a CPU."""
GPU_SHARE: Final = 0.25
"""Most of a GPU's free memory for the same: a cache is copied as it grows, and logits are worked on in other types."""
MAX_BATCH: Final = 4096


class TransformersEngine(Engine):
    """A model loaded by transformers, on a GPU where torch finds one, else on the CPU.

    A row's random numbers depend on its seed alone. Its logits depend on the batch in the last bits of floating point,
    as on any engine, so that a row is the same in another batch but for draws that fall within about 1e-6 of a border
    between two tokens.

    Args:
        model: The model's folder.
        name: What manifests call the model.
        dtype: The type to compute in; `computed_in` says what "auto" is.
        max_model_len: Longest prompt with its completion, in tokens; None is the model's own context.
        batch_size: Rows computed together; None fits a batch into a fixed amount of memory.
        threads: CPU threads while the engine is open; None leaves torch's setting.

    Raises:
        ConfigError: The folder holds no model, tokenizer or chat template that transformers can read.
    """

    name = "transformers"

    def __init__(
        self,
        model: Path,
        *,
        name: str,
        dtype: Dtype = "auto",
        max_model_len: int | None = None,
        batch_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        self.model = name
        self._facts = model_facts(model)
        self._context = min(self._facts.context, max_model_len or self._facts.context)
        self._chat = ChatTokenizer(model, context=self._context)
        self._batch_size = batch_size
        self._threads_before = torch.get_num_threads()
        if threads is not None:
            torch.set_num_threads(threads)
        self._model = load_causal_model(model, computed_in(dtype, self._facts.dtype))
        self._model.to("cuda" if torch.cuda.is_available() else "cpu")
        self._batch_bytes = (
            int(GPU_SHARE * torch.cuda.mem_get_info()[0]) if self._model.device.type == "cuda" else BATCH_BYTES
        )
        self._adapters = AdapterSwitch(self._model, model)
        self._compiler: ConstraintCompiler | None = None

    def generate(self, requests: Iterable[Request]) -> Iterator[Completion]:
        """As the protocol says; holds at most `WINDOW` requests at a time.

        Raises:
            ConfigError: A prompt, constraint or adapter does not fit the model.
            PrerequisiteError: A constraint needs xgrammar, or an adapter peft, which is not installed.
        """
        source = iter(requests)
        waiting: dict[tuple[Adapter | None, Sampling], list[Prompt]] = {}
        while True:
            free = WINDOW - sum(len(prompts) for prompts in waiting.values())
            for prompt in self._chat.prompts(list(islice(source, free))):
                waiting.setdefault((prompt.request.adapter, prompt.request.sampling), []).append(prompt)
            if not waiting:
                return
            group = max(waiting, key=lambda key: len(waiting[key]))
            # Longest first: little padding is needed, and no row is longer than the one that sets the batch's size.
            waiting[group].sort(key=lambda prompt: -len(prompt.ids))
            longest = waiting[group][0]
            rows = self._rows(len(longest.ids) + longest.max_tokens, 1)
            batch, waiting[group] = waiting[group][:rows], waiting[group][rows:]
            if not waiting[group]:
                del waiting[group]
            yield from self._decode(group[0], batch)

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As the protocol says.

        Raises:
            ConfigError: A text does not fit into the context, or an adapter not to the model.
        """
        scores = [TokenScores(sequence.key, (), (), n_prompt=0) for sequence in sequences]
        groups: dict[Adapter | None, list[Placed]] = {}
        for index, target in enumerate(self._chat.targets(sequences)):
            if target.completion:
                groups.setdefault(target.scorable.adapter, []).append(Placed(index, target))
        for adapter, group in groups.items():
            with self._adapters.active(adapter) as model:
                for batch in batches(group, self._rows):
                    for placed, found in zip(batch.placed, batch.score(model, self._chat.pad_id), strict=True):
                        scores[placed.index] = found
        return scores

    def resample(self, redraws: Sequence[Redraw]) -> list[dict[int, int]]:
        """As the protocol says.

        Raises:
            ConfigError: A text does not fit into the context, or an adapter not to the model.
        """
        tokens: list[dict[int, int]] = [{} for _ in redraws]
        groups: dict[Adapter | None, list[Draws]] = {}
        targets = self._chat.targets([item.sequence for item in redraws])
        for index, (item, target) in enumerate(zip(redraws, targets, strict=True)):
            if item.seeds:
                groups.setdefault(item.sequence.adapter, []).append(Draws(index, target, item.seeds))
        for adapter, group in groups.items():
            group.sort(key=lambda draws: -len(draws.target.completion))
            longest = max(len(draws.target.prompt) + len(draws.target.completion) for draws in group)
            while group:
                rows = self._rows(longest, len(group[0].target.completion) + 1)
                batch, group = group[:rows], group[rows:]
                with self._adapters.active(adapter) as model:
                    drawn = redraw(model, batch, self._chat)
                for draws, of_row in zip(batch, drawn, strict=True):
                    tokens[draws.index] = of_row
        return tokens

    def render(self, messages: Messages) -> str:
        """As the protocol says."""
        return self._chat.render(messages)

    def versions(self) -> dict[str, str]:
        """As the protocol says."""
        return {name: version(name) for name in ("torch", "transformers", "tokenizers")}

    def close(self) -> None:
        """As the protocol says."""
        torch.set_num_threads(self._threads_before)
        if self._model.device.type == "cuda":
            # Torch would keep the memory, and processes that train on the same GPU would not get it.
            self._model.to("meta")
            torch.cuda.empty_cache()

    def _decode(self, adapter: Adapter | None, batch: Sequence[Prompt]) -> Iterator[Completion]:
        if self._compiler is None and batch[0].request.sampling.constraint is not None:
            from strigil.engines.transformers.constraint import ConstraintCompiler  # needs xgrammar

            self._compiler = ConstraintCompiler(self._chat, self._facts.vocabulary)
        # A whole batch before the first row is given away: meanwhile the caller may use another adapter.
        with self._adapters.active(adapter) as model:
            decoded = decode(model, self._chat, batch, self._facts.vocabulary, self._compiler)
        read = {prompt.request.key: len(prompt.ids) for prompt in batch}
        for row in decoded:
            text, reason = self._chat.finish(row.ids)
            yield Completion(row.request.key, text, reason, len(row.ids), read[row.request.key])

    def _rows(self, cached: int, scored: int) -> int:
        """Rows of a batch, if each has `cached` tokens in the key-value cache and logits at `scored` of them."""
        if self._batch_size is not None:
            return self._batch_size
        cache: int = cached * self._facts.cache_width * self._model.dtype.itemsize
        logits = scored * self._facts.vocabulary * torch.float32.itemsize
        return max(1, min(MAX_BATCH, self._batch_bytes // max(cache, logits)))
