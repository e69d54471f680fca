"""Makes the pocket toxicity checkpoint: detoxify's format, a BERT of two layers, trained on a lexicon of a page.

    python -m tools.pocket_toxicity.train DIR

It exists so that the whole path can be run and tested without a network. It knows a few dozen English words; it is not
for gating anything real.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

from strigil.common.canonical import file_digest
from strigil.stats import auroc
from tools.pocket_toxicity.sentences import CLASSES, Corpus, Labelled, corpus

VOCABULARY = 1500
POSITIONS = 128
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
EPOCHS, BATCH, RATE, SEED = 6, 64, 1e-3, 0


@dataclass(frozen=True)
class PocketCard:
    """What is known of the checkpoint; `auc` is that of each class on sentences whose frames were not trained on."""

    sha256: str
    trained_on: int
    held_out: int
    auc: dict[str, float]


def train(folder: Path) -> PocketCard:
    """Trains `pocket.ckpt` into a folder, with config, tokenizer and `pocket.json`; a minute on one core."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    sentences = corpus(per_frame=200, help_texts=6_000, seed=SEED)
    tokenizer = _tokenizer(sentences, folder)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=128,
            max_position_embeddings=POSITIONS,
            num_labels=len(CLASSES),
        )
    )
    _fit(model, tokenizer, sentences.train)
    model.config.save_pretrained(folder)
    arch = {
        "num_classes": len(CLASSES),
        "model_type": "pocket",
        "model_name": "BertForSequenceClassification",
        "tokenizer_name": "BertTokenizer",
    }
    config = {"arch": {"type": "PL", "args": arch}, "dataset": {"args": {"classes": list(CLASSES)}}}
    torch.save({"config": config, "state_dict": model.state_dict()}, folder / "pocket.ckpt")
    scores = _scores(model, tokenizer, sentences.held_out)
    labels = _labels(sentences.held_out) > 0
    found = {name: auroc(scores[labels[:, i], i], scores[~labels[:, i], i]) for i, name in enumerate(CLASSES)}
    card = PocketCard(
        sha256=file_digest(folder / "pocket.ckpt"),
        trained_on=len(sentences.train),
        held_out=len(sentences.held_out),
        auc={name: round(one.area, 4) for name, one in found.items() if one is not None},
    )
    (folder / "pocket.json").write_text(json.dumps(vars(card), indent=2) + "\n", encoding="utf-8")
    return card


def _tokenizer(sentences: Corpus, folder: Path) -> BertTokenizer:
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))  # noqa: S106  # a token of a vocabulary
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=list(SPECIAL), show_progress=False)
    words.train_from_iterator((item.text for item in sentences.train), trainer)
    words.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer = BertTokenizer(tokenizer_object=words, model_max_length=POSITIONS)
    tokenizer.save_pretrained(folder)
    return tokenizer


def _fit(model: BertForSequenceClassification, tokenizer: BertTokenizer, sentences: tuple[Labelled, ...]) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    batches = [sentences[start : start + BATCH] for start in range(0, len(sentences), BATCH)]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=EPOCHS * len(batches))
    order = torch.Generator().manual_seed(SEED)
    model.train()
    for _ in range(EPOCHS):
        for place in torch.randperm(len(batches), generator=order).tolist():
            batch = batches[place]
            logits = model(**_encode(tokenizer, batch)).logits
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(_labels(batch)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    model.eval()


@torch.inference_mode()
def _scores(
    model: BertForSequenceClassification, tokenizer: BertTokenizer, sentences: tuple[Labelled, ...]
) -> np.ndarray:
    parts = [
        model(**_encode(tokenizer, sentences[start : start + BATCH])).logits.sigmoid().numpy()
        for start in range(0, len(sentences), BATCH)
    ]
    return np.concatenate(parts)


def _encode(tokenizer: BertTokenizer, batch: tuple[Labelled, ...]) -> dict[str, torch.Tensor]:
    return dict(tokenizer([item.text for item in batch], return_tensors="pt", padding=True, truncation=True))


def _labels(sentences: tuple[Labelled, ...]) -> np.ndarray:
    return np.array([[float(name in item.labels) for name in CLASSES] for item in sentences], dtype=np.float32)


if __name__ == "__main__":
    train(Path(sys.argv[1]))
