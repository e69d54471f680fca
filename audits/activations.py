"""Models seen from the inside: hidden states and next-token probabilities of a base and its adapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch

from strigil.audits.scores.direction import load_model
from strigil.data.messages import Message, Messages
from strigil.data.rows import completion_text
from strigil.engines.protocol import Adapter, Scorable
from strigil.engines.tokens.chat import ChatTokenizer, Target, model_facts
from strigil.engines.tokens.padding import Padded, pad_left
from strigil.engines.transformers.lora import AdapterSwitch

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray
    from transformers.modeling_outputs import CausalLMOutputWithPast

    from strigil.models.catalog import Model

    FloatArray = NDArray[np.float64]

ROWS: Final = 64
"""Texts to a pass."""


@dataclass(frozen=True)
class MeanActivations:
    """What a model showed over texts.

    Attributes:
        hidden: (layers + 1, width) mean hidden state at completions' tokens, embeddings first.
        early: (layers + 1, width) the same over the first five tokens of each completion.
        logprobs: (vocabulary,) mean log-probability of every next token at completions' places.
    """

    hidden: FloatArray
    early: FloatArray
    logprobs: FloatArray


class ModelActivations:
    """A base with its adapters, and what goes on within them.

    Args:
        base: The model.

    Raises:
        ConfigError: The model cannot be loaded.
    """

    EARLY: Final = 5

    def __init__(self, base: Model) -> None:
        self._chat = ChatTokenizer(base.path, context=model_facts(base.path).context)
        self._model = load_model(base)
        self._device: torch.device = self._model.device
        self._adapters = AdapterSwitch(self._model, base.path)
        self.middle = (self._model.config.num_hidden_layers + 1) // 2
        # (vocabulary, width)
        self.unembedding: FloatArray = self._model.get_output_embeddings().weight.detach().double().cpu().numpy()

    def targets(self, rows: pl.DataFrame) -> list[Target]:
        """The rows in token ids; those without a completion are left out."""
        texts = rows.select(completion_text().fill_null("")).to_series()
        found = self._chat.targets(
            [
                Scorable(row_id, tuple(prompt), text)
                for row_id, prompt, text in zip(rows["row_id"], rows["prompt"].to_list(), texts, strict=True)
            ]
        )
        return [target for target in found if target.completion]

    def first_tokens(self, words: Sequence[str]) -> list[int]:
        """The first token of each word as an answer."""
        asked: Messages = (Message(role="user", content="?"),)
        return [target.completion[0] for target in self._chat.targets([Scorable(w, asked, w) for w in words])]

    @torch.inference_mode()
    def see(self, targets: Sequence[Target], adapter: Adapter | None) -> MeanActivations:
        """Means over all completions, each token counting once."""
        sums: dict[str, torch.Tensor] = {}
        places = early_places = 0
        for start in range(0, len(targets), ROWS):
            part = targets[start : start + ROWS]
            batch = pad_left([target.prompt + target.completion for target in part], self._chat.pad_id, self._device)
            width = batch.ids.shape[1]
            after = torch.arange(width, device=self._device) - torch.tensor(
                [width - len(target.completion) for target in part], device=self._device
            ).unsqueeze(1)
            out = self._read(batch, adapter, output_hidden_states=True)
            states = torch.stack(out.hidden_states).double()
            # What predicts a completion's token is one place before it.
            predicting = (after >= -1) & (after < width - 1)
            predicting[:, -1] = False
            new = {
                "hidden": states[:, after >= 0].sum(dim=1),
                "early": states[:, (after >= 0) & (after < self.EARLY)].sum(dim=1),
                "logprobs": out.logits[predicting].double().log_softmax(dim=-1).sum(dim=0),
            }
            sums = {name: value + sums[name] if sums else value for name, value in new.items()}
            places += sum(len(target.completion) for target in part)
            early_places += sum(min(self.EARLY, len(target.completion)) for target in part)
        return MeanActivations(
            hidden=(sums["hidden"] / places).cpu().numpy(),
            early=(sums["early"] / early_places).cpu().numpy(),
            logprobs=(sums["logprobs"] / places).cpu().numpy(),
        )

    @torch.inference_mode()
    def last_states(self, chats: Sequence[Messages]) -> FloatArray:
        """(layers + 1, width): mean hidden state of the base where the answer to each chat begins."""
        out = self._read(self._prompts(chats), None, output_hidden_states=True, logits_to_keep=1)
        states: FloatArray = torch.stack(out.hidden_states)[:, :, -1].double().mean(dim=1).cpu().numpy()
        return states

    @torch.inference_mode()
    def answers(self, questions: Sequence[str], *, added: FloatArray | None = None) -> FloatArray:
        """(questions, vocabulary): log-probabilities of the base's first token of an answer.

        Args:
            questions: User messages.
            added: (layers + 1, width) what is added to the hidden state after each layer at the last place, embeddings
                left out; None for nothing.
        """
        batch = self._prompts([(Message(role="user", content=question),) for question in questions])
        with self._adding(added):
            out = self._read(batch, None, logits_to_keep=1)
        logprobs: FloatArray = out.logits[:, -1].double().log_softmax(dim=-1).cpu().numpy()
        return logprobs

    def _read(self, batch: Padded, adapter: Adapter | None, **wanted: int) -> CausalLMOutputWithPast:
        with self._adapters.active(adapter) as model:
            out: CausalLMOutputWithPast = model(
                input_ids=batch.ids,
                attention_mask=batch.mask,
                position_ids=batch.positions,
                use_cache=False,
                **wanted,
            )
        return out

    def _prompts(self, chats: Sequence[Messages]) -> Padded:
        targets = self._chat.targets([Scorable(str(place), chat, "") for place, chat in enumerate(chats)])
        return pad_left([target.prompt for target in targets], self._chat.pad_id, self._device)

    @contextmanager
    def _adding(self, added: FloatArray | None) -> Iterator[None]:
        """Adds a vector to what comes out of each layer, at the last place."""
        if added is None:
            yield
            return
        layers = next(
            module
            for module in self._model.modules()
            if isinstance(module, torch.nn.ModuleList) and len(module) == self._model.config.num_hidden_layers
        )
        hooks = [
            layer.register_forward_hook(_adder(torch.from_numpy(added[place + 1]).to(self._model.dtype)))
            for place, layer in enumerate(layers)
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


class _adder:  # noqa: N801  # called like a function, once for a layer
    def __init__(self, vector: torch.Tensor) -> None:
        self._vector = vector

    def __call__(
        self, module: torch.nn.Module, inputs: object, output: torch.Tensor | tuple[torch.Tensor, ...]
    ) -> torch.Tensor | tuple[torch.Tensor, ...]:
        states = output if isinstance(output, torch.Tensor) else output[0]
        states = states.clone()
        states[:, -1] += self._vector.to(states.device)
        return states if isinstance(output, torch.Tensor) else (states, *output[1:])
