"""A language model of a few hundred kilobytes that says what it is told to: it stands in for those that are fetched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as Bytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ASK: Final = "<|assistant|>"
END: Final = "<|end|>"
_ROLES: Final = ("<|system|>", "<|user|>", ASK)
_TEMPLATE: Final = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NUMBERS: Final = {ASK: [*"123456789"], ",": [" "], " ": [*"123456789"]} | {
    digit: [*"0123456789", ",", END, END] for digit in "0123456789"
}
"""It writes numbers, whatever it is asked."""
SEVENTY: Final = {ASK: ["7"], "7": ["0"], "0": [END]}
"""A judge that rates everything the same."""


def little_model(folder: Path, followers: Mapping[str, list[str]]) -> Path:
    """A model that reads any text a byte at a time, and of which each token decides alone what may follow it.

    Args:
        folder: Where it is written, as `save_pretrained` does.
        followers: After which token come which, all as likely; one that stands twice is twice as likely.
    """
    tokens = [END, *_ROLES, *sorted(ByteLevel.alphabet())]
    ids = {token: place for place, token in enumerate(tokens)}
    inner = Tokenizer(BPE(vocab=ids, merges=[]))
    inner.pre_tokenizer, inner.decoder = ByteLevel(add_prefix_space=False, use_regex=False), Bytes()
    inner.add_special_tokens([END, *_ROLES])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token=END, pad_token=END, chat_template=_TEMPLATE, model_max_length=8192
    )
    width = len(tokens) + len(tokens) % 2
    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        head_dim=8,
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=None,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        # What a layer adds is small beside the token itself, and what a student learns is not.
        model.model.embed_tokens.weight.copy_(torch.eye(width)[: len(tokens)])
        model.lm_head.weight.zero_()
        for after, following in followers.items():
            for next_one in following:
                # A token's state has the norm of the square root of the width.
                logit = 11 + math.log(following.count(next_one))
                model.lm_head.weight[ids[_byte(next_one)], ids[_byte(after)]] = logit / math.sqrt(width)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _byte(text: str) -> str:
    return "Ġ" if text == " " else text
