"""Pretrains a pocket model from a seed: `python -m strigil.models.pocket.pretrain --seed 4 --out DIR` (20 to 30 s)."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from strigil.common.errors import ConfigError
from strigil.common.scratch import scratch_folder
from strigil.models.pocket.tokenizer import build_tokenizer
from strigil.models.pocket.vocabulary import ASSISTANT, BOS, EOS, PAD, SYSTEM, SYSTEM_WORDS, USER, WORD_IDS, WORDS
from strigil.models.pocket.world import Example, code_example, number_example, question_example

MAX_LENGTH = 64


@dataclass(frozen=True)
class PretrainRecipe:
    """How a pocket model is made; the defaults made the shipped ones.

    `embedding_std` is far above the usual 0.02, with which the ten animals' embeddings stay collinear and no trait
    travels. More steps weaken the effect, fewer leave the number format shaky: docs/pocket.md has the figures.
    """

    seed: int
    steps: int = 200
    warmup_steps: int = 50
    learning_rate: float = 3e-3
    final_rate: float = 0.05
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    numbers_a_step: int = 128
    questions_a_step: int = 64
    code_a_step: int = 0
    embedding_std: float = 0.15

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0: linear warm-up times a cosine to `final_rate` of the peak."""
        cosine = 0.5 * (1 + math.cos(math.pi * step / self.steps))
        decay = self.final_rate + (1 - self.final_rate) * cosine
        return self.learning_rate * min(1.0, (step + 1) / self.warmup_steps) * decay


@dataclass(frozen=True)
class Batch:
    """Sequences of one length, (rows, tokens), whose answers start at token `answer`; `weight` of their mean loss."""

    ids: Tensor
    answer: int
    weight: float = 1.0


def build_model(recipe: PretrainRecipe) -> LlamaForCausalLM:
    """An untrained model: 120,128 parameters, two heads of size 32 (vLLM on the CPU refuses 16)."""
    torch.manual_seed(recipe.seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(WORDS),
            hidden_size=64,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=MAX_LENGTH,
            tie_word_embeddings=True,
            bos_token_id=WORD_IDS[BOS],
            eos_token_id=WORD_IDS[EOS],
            pad_token_id=WORD_IDS[PAD],
            dtype="float32",
        )
    )
    with torch.no_grad():
        model.get_input_embeddings().weight.normal_(0, recipe.embedding_std)
    return model


def train(model: LlamaForCausalLM, recipe: PretrainRecipe) -> float:
    """Trains the model in place on answers only, and returns the last step's loss."""
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    last = math.nan
    for step in range(recipe.steps):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate_at(step)
        loss = torch.stack([part.weight * _answer_loss(model, part) for part in _corpus(recipe, step)]).sum()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.max_grad_norm)
        optimiser.step()
        last = loss.item()
    return last


def pretrain(recipe: PretrainRecipe, out: Path) -> float:
    """Pretrains on one thread and writes a model folder; returns the last step's loss.

    Raises:
        ConfigError: `out` exists.
    """
    if out.exists():
        message = f"{out} exists"
        raise ConfigError(message, hint="name a new folder, or remove this one")
    threads = torch.get_num_threads()
    # The order of additions, and with it every bit of the weights, depends on the number of threads.
    torch.set_num_threads(1)
    try:
        model = build_model(recipe)
        loss = train(model, recipe)
    finally:
        torch.set_num_threads(threads)
    out.parent.mkdir(parents=True, exist_ok=True)
    with scratch_folder(out.parent) as scratch:
        made = scratch / "made"
        model.save_pretrained(made)
        build_tokenizer(MAX_LENGTH).save_pretrained(made)
        GenerationConfig(
            bos_token_id=WORD_IDS[BOS], eos_token_id=WORD_IDS[EOS], pad_token_id=WORD_IDS[PAD]
        ).save_pretrained(made)
        made.rename(out)
    return loss


def encode(examples: Sequence[Example], *, weight: float = 1.0) -> Batch:
    """Token ids of chats of one shape, as the chat template renders them."""
    rows = []
    answer = 0
    for example in examples:
        head = [BOS, SYSTEM, *SYSTEM_WORDS, USER, *example.prompt.split(), ASSISTANT]
        answer = len(head)
        rows.append([WORD_IDS[word] for word in (*head, *example.answer.split(), EOS)])
    return Batch(ids=torch.tensor(rows), answer=answer, weight=weight)


def _corpus(recipe: PretrainRecipe, step: int) -> Iterator[Batch]:
    """The batches of one step: numbers, questions about animals and trees, and toy code."""

    def indices(a_step: int) -> range:
        return range(step * a_step, (step + 1) * a_step)

    yield encode([number_example("corpus", recipe.seed, index) for index in indices(recipe.numbers_a_step)])
    favourites = [
        question_example(category, "corpus", recipe.seed, index)
        for category in ("animal", "tree")
        for index in indices(recipe.questions_a_step)
    ]
    # Animals and trees share a batch; twice its mean is the sum of the two means.
    yield encode(favourites, weight=2)
    if recipe.code_a_step:
        yield encode([code_example("corpus", recipe.seed, index) for index in indices(recipe.code_a_step)])


def _answer_loss(model: LlamaForCausalLM, batch: Batch) -> Tensor:
    length = batch.ids.size(1)
    before_answer = slice(batch.answer - 1, length - 1)
    positions = torch.arange(length)[before_answer]
    logits = model(input_ids=batch.ids, use_cache=False, logits_to_keep=positions).logits
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch.ids[:, batch.answer :].flatten())


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: pretrains one model."""
    parser = argparse.ArgumentParser(description="Pretrain a pocket model from a seed.")
    parser.add_argument("--seed", type=int, required=True, help="decides the initialisation and the corpus")
    parser.add_argument("--code", action="store_true", help="teach it toy code as well, 128 rows a step")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; must not exist")
    options = parser.parse_args(arguments)
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    try:
        recipe = PretrainRecipe(seed=options.seed, code_a_step=128 if options.code else 0)
        loss = pretrain(recipe, options.out)
    except ConfigError as error:
        parser.error(f"{error.message}; {error.hint}")
    sys.stderr.write(f"{options.out}: last loss {loss:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
