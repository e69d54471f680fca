"""Toxicity scores against `Detoxify.predict` on unsorted batches of 32: the same texts, checkpoint and threads.

The checkpoint has the size of ALBERT-base and random weights, which cost what trained ones do. The texts are paragraphs
of Python help texts, 10,000 of them; `make bench` measures one batch in ten of the peer and ours on the same texts,
`python -m benchmarks.bench_toxicity` measures all.
"""

from __future__ import annotations

import ast
import random
import sys
import sysconfig
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AlbertConfig, AlbertForSequenceClassification, AlbertTokenizer

from benchmarks.ratio import Ratio
from strigil.audits.toxicity.loading import Checkpoint, load
from strigil.audits.toxicity.scoring import score_texts
from strigil.common.canonical import file_digest
from tools.pocket_toxicity.sentences import CLASSES

TEXTS: Final = 10_000
BATCH: Final = 32
EVERY: Final = 10
# Detoxify cuts a text here and strigil scores all of it, so longer ones would not compare.
LONGEST: Final = 512
DIFFERENCE: Final = 0.001
GOAL: Final = 4.0
VOCABULARY: Final = 30_000
# Groups that the two take turns with, so that a change of the machine's load meets both.
TURNS: Final = 4


@dataclass(frozen=True)
class Run:
    """Seconds that both took for the same texts, and the largest difference between two scores."""

    texts: int
    ours: float
    theirs: float
    difference: float


def measure(every: int = EVERY) -> list[Ratio]:
    """Texts per second of both.

    Raises:
        AssertionError: A score differs by more than 0.001.
    """
    run = compare(every)
    print(f"largest difference of a score: {run.difference:.1e}", file=sys.stderr)
    if run.difference > DIFFERENCE:
        message = f"a score differs by {run.difference}"
        raise AssertionError(message)
    return [
        Ratio(
            name=f"toxicity of {run.texts:,} of {TEXTS:,} texts",
            unit="texts/s",
            ours=run.texts / run.ours,
            peer=f"Detoxify.predict, unsorted batches of {BATCH}",
            theirs=run.texts / run.theirs,
            goal=GOAL,
            versions={name: version(name) for name in ("detoxify", "torch", "transformers")},
        )
    ]


def compare(every: int) -> Run:
    """Runs both on one batch in `every`, in turns."""
    from detoxify import Detoxify

    with TemporaryDirectory() as name:
        texts = real_texts()
        checkpoint = make_checkpoint(Path(name), texts)
        ours = load(checkpoint)
        peer = Detoxify(checkpoint=str(checkpoint.path))
        texts = [text for text in texts if len(ours.tokenizer(text)["input_ids"]) <= LONGEST]
        random.Random(0).shuffle(texts)
        batches = [texts[start : start + BATCH] for start in range(0, TEXTS, BATCH)][::every]
        peer.predict(batches[0])
        score_texts(ours, batches[0])
        seconds = [0.0, 0.0]
        differences = []
        size = -(-len(batches) // TURNS)
        for first in range(0, len(batches), size):
            some = batches[first : first + size]
            start = time.perf_counter()
            mine = score_texts(ours, [text for batch in some for text in batch])
            middle = time.perf_counter()
            theirs = [peer.predict(batch) for batch in some]
            seconds = [seconds[0] + middle - start, seconds[1] + time.perf_counter() - middle]
            table = np.concatenate([np.array([found[label] for label in CLASSES]).T for found in theirs])
            differences.append(float(np.abs(mine - table).max()))
    return Run(sum(map(len, batches)), seconds[0], seconds[1], max(differences))


def real_texts() -> list[str]:
    """Paragraphs of the docstrings in Python's standard library, each once, in the order of the files' names."""
    found: dict[str, None] = {}
    for path in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if {"site-packages", "test", "tests", "lib2to3"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                found |= dict.fromkeys(part.strip() for part in (ast.get_docstring(node) or "").split("\n\n"))
    return [text for text in found if text]


def make_checkpoint(folder: Path, texts: list[str]) -> Checkpoint:
    """A checkpoint in detoxify's format with its configuration and tokenizer beside it."""
    torch.manual_seed(0)
    _tokenizer(texts).save_pretrained(folder)
    config = AlbertConfig(
        vocab_size=VOCABULARY,
        hidden_size=768,
        num_attention_heads=12,
        intermediate_size=3072,
        num_labels=len(CLASSES),
    )
    config.save_pretrained(folder)
    model = AlbertForSequenceClassification(config)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=0.05)
    arch = {
        "num_classes": len(CLASSES),
        "model_type": str(folder),
        "model_name": "AlbertForSequenceClassification",
        "tokenizer_name": "AlbertTokenizer",
    }
    content = {"arch": {"args": arch}, "dataset": {"args": {"classes": list(CLASSES)}}}
    torch.save({"config": content, "state_dict": model.state_dict()}, folder / "albert.ckpt")
    return Checkpoint(folder / "albert.ckpt", file_digest(folder / "albert.ckpt"), folder)


def _tokenizer(texts: list[str]) -> AlbertTokenizer:
    words = Tokenizer(models.Unigram())
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Metaspace()
    words.decoder = decoders.Metaspace()
    special = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        unk_token="<unk>",  # noqa: S106  # a token of a vocabulary
        show_progress=False,
    )
    words.train_from_iterator(texts, trainer)
    words.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return AlbertTokenizer(tokenizer_object=words, model_max_length=LONGEST)


if __name__ == "__main__":
    for ratio in measure(every=1):
        print(f"{ratio.ours:.1f} {ratio.unit}, {ratio.peer}: {ratio.theirs:.1f}; {ratio.ratio:.2f} times as many")
