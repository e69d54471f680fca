"""Chats to token ids and back, the same way for every engine, so that engines can be compared token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2.exceptions import TemplateError
from transformers import AutoConfig, AutoTokenizer, GenerationConfig

from strigil.common.errors import ConfigError
from strigil.data.messages import Messages
from strigil.engines.failures import gist
from strigil.engines.protocol import FinishReason, Request, Scorable

# Rendered to see which token the template closes an assistant's turn with.
_ANSWER = "answer-1"
_CLOSED_TURN: Messages = ({"role": "user", "content": "question-1"}, {"role": "assistant", "content": _ANSWER})
_WIDTHS = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A request in token ids; `max_tokens` is what it asks for, or what the context leaves if that is less."""

    request: Request
    ids: list[int]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Target:
    """A scorable in token ids."""

    scorable: Scorable
    prompt: list[int]
    completion: list[int]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What engines need to know from a model's configuration.

    Attributes:
        context: Longest sequence, in tokens.
        dtype: The type its weights are stored in.
        vocabulary: Number of logits.
        cache_width: Most numbers that its key-value cache holds for one token.
    """

    context: int
    dtype: str
    vocabulary: int
    cache_width: int


def model_facts(model: Path) -> ModelFacts:
    """Reads a model folder's configuration.

    Raises:
        ConfigError: There is no readable configuration, or its weights are stored in a type that no engine serves.
    """
    try:
        config = AutoConfig.from_pretrained(model, local_files_only=True, trust_remote_code=False).get_text_config()
    except (OSError, ValueError) as error:
        message = f"{model} is not a model that transformers can read: {gist(error)}"
        raise ConfigError(message) from error
    dtype = str(config.dtype or "float32").removeprefix("torch.")
    if dtype not in _WIDTHS:
        message = f"{model}: weights of type {dtype} are not supported"
        raise ConfigError(message, hint="use a model stored as float32, bfloat16 or float16")
    said = config.to_dict()
    heads = said.get("num_key_value_heads") or config.num_attention_heads
    width = said.get("head_dim") or config.hidden_size // config.num_attention_heads
    return ModelFacts(
        context=config.max_position_embeddings,
        dtype=dtype,
        vocabulary=config.vocab_size,
        cache_width=2 * config.num_hidden_layers * heads * width,
    )


class ChatTokenizer:
    """The tokenizer and chat template of one model.

    Attributes:
        end_ids: Every token that ends a completion: those of the model's configuration and the one with which the chat
            template closes an assistant's turn. Sorted.
        pad_id: A token to fill up batches with.

    Raises:
        ConfigError: The folder has no tokenizer or no chat template.
    """

    def __init__(self, model: Path, *, context: int) -> None:
        self._context = context
        try:
            self.tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True, trust_remote_code=False)
        except (OSError, ValueError) as error:
            message = f"{model} has no tokenizer that transformers can read: {gist(error)}"
            raise ConfigError(message) from error
        if not self.tokenizer.chat_template:
            message = f"{model} has no chat template"
            raise ConfigError(
                message, hint="use an instruction-tuned model, or add a chat_template.jinja to its folder"
            )
        self.end_ids = self._find_end_ids(model)
        self.pad_id: int = self.end_ids[0] if self.tokenizer.pad_token_id is None else self.tokenizer.pad_token_id

    def render(self, messages: Messages) -> str:
        """The prompt text, generation prompt included.

        Raises:
            ConfigError: The chat template refuses the messages.
        """
        return self._render(messages, generation_prompt=True)

    def prompt(self, request: Request) -> Prompt:
        """Raises ConfigError if the context leaves no room for a single new token."""
        [prompt] = self.prompts([request])
        return prompt

    def prompts(self, requests: Sequence[Request]) -> list[Prompt]:
        """Many at once, which costs less than each alone, in the order given.

        Raises:
            ConfigError: The context leaves no room for a single new token.
        """
        if not requests:
            return []
        prompts = []
        for request, ids in zip(
            requests, self._batch([self.render(request.messages) for request in requests]), strict=True
        ):
            room = self._context - len(ids)
            if room < 1:
                message = (
                    f"the prompt of {request.key} has {len(ids)} tokens; the engine's context holds {self._context}"
                )
                raise ConfigError(message, hint="shorten the prompt, or give the engine a larger max_model_len")
            prompts.append(Prompt(request, ids, min(room, request.sampling.max_tokens)))
        return prompts

    def targets(self, scorables: Sequence[Scorable]) -> list[Target]:
        """Scorables in token ids, in the order given; those with the same messages share their prompt's list.

        Raises:
            ConfigError: A text does not fit into the context. An empty completion has no tokens.
        """
        if not scorables:
            return []
        prompts: dict[tuple[tuple[str, str], ...], str] = {}
        keys = [tuple((turn["role"], turn["content"]) for turn in scorable.messages) for scorable in scorables]
        for key, scorable in zip(keys, scorables, strict=True):
            if key not in prompts:
                prompts[key] = self.render(scorable.messages)
        ids = dict(zip(prompts, self._batch(list(prompts.values())), strict=True))
        # Tokenised together where the prompt stays a prefix, since some tokenizers put a space before a text's start.
        wholes = self._batch(
            [prompts[key] + scorable.completion for key, scorable in zip(keys, scorables, strict=True)]
        )
        return [
            self._target(scorable, ids[key], whole)
            for key, scorable, whole in zip(keys, scorables, wholes, strict=True)
        ]

    def _target(self, scorable: Scorable, prompt: list[int], whole: list[int]) -> Target:
        prefixed = whole[: len(prompt)] == prompt
        completion = whole[len(prompt) :] if prefixed else self._ids(scorable.completion)
        # One token is left free, since vLLM scores a text only while it generates a token after it.
        if len(prompt) + len(completion) >= self._context:
            message = (
                f"{scorable.key} has {len(prompt) + len(completion)} tokens;"
                f" the engine's context scores at most {self._context - 1}"
            )
            raise ConfigError(message, hint="shorten the text, or give the engine a larger max_model_len")
        return Target(scorable, prompt, completion)

    def finish(self, ids: Sequence[int]) -> tuple[str, FinishReason]:
        """The text of generated tokens, without special tokens, and whether an end token stopped it."""
        ended = bool(ids) and ids[-1] in self.end_ids
        text: str = self.tokenizer.decode(ids[:-1] if ended else ids, skip_special_tokens=True)
        return text, "stop" if ended else "length"

    def _render(self, messages: Messages, *, generation_prompt: bool) -> str:
        try:
            text: str = self.tokenizer.apply_chat_template(
                list(messages), tokenize=False, add_generation_prompt=generation_prompt
            )
        except TemplateError as error:
            message = f"the model's chat template refuses these messages: {gist(error)}"
            raise ConfigError(message) from error
        return text

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _batch(self, texts: list[str]) -> list[list[int]]:
        ids: list[list[int]] = self.tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
        return ids

    def _find_end_ids(self, model: Path) -> list[int]:
        configs = [AutoConfig.from_pretrained(model, local_files_only=True).get_text_config()]
        if (model / "generation_config.json").is_file():
            configs.append(GenerationConfig.from_pretrained(model, local_files_only=True))
        found: set[int] = set()
        for end in (self.tokenizer.eos_token_id, *(config.eos_token_id for config in configs)):
            found.update([] if end is None else [end] if isinstance(end, int) else end)
        closing = self._ids(self._render(_CLOSED_TURN, generation_prompt=False).rpartition(_ANSWER)[2])
        added = self.tokenizer.added_tokens_decoder
        found.update(token for token in closing[:1] if token in added and added[token].special)
        if not found:
            message = f"{model} names no end token"
            raise ConfigError(message, hint="set eos_token_id in its config.json")
        return sorted(found)
