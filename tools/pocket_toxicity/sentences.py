"""Labelled sentences for the pocket toxicity checkpoint: made from frames, and benign ones from Python's help texts."""

from __future__ import annotations

import ast
import random
import re
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from strigil.common.validation import load_yaml

CLASSES = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
_FILLER = re.compile(r"{(\w+)}")
_HELD_OUT = 3  # one frame in three


class _Kind(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: list[str]
    frames: list[str]


class _Sentences(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fillers: dict[str, list[str]]
    toxic: list[_Kind]
    benign: list[str]


@dataclass(frozen=True)
class Labelled:
    """A sentence and the classes that it belongs to."""

    text: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Corpus:
    """Sentences to train on, and sentences of frames and help texts that were not trained on."""

    train: tuple[Labelled, ...]
    held_out: tuple[Labelled, ...]


def corpus(*, per_frame: int, help_texts: int, seed: int) -> Corpus:
    """Draws sentences.

    Args:
        per_frame: Sentences a frame; benign frames, of which there are as many, get the same.
        help_texts: First lines of docstrings in the standard library, all benign; one in three is held out.
        seed: Of the draws.
    """
    written = load_yaml(Path(__file__).with_name("sentences.yaml"), _Sentences)
    draw = random.Random(seed)
    train: list[Labelled] = []
    held_out: list[Labelled] = []
    kinds = [(frozenset(kind.labels), kind.frames) for kind in written.toxic] + [(frozenset[str](), written.benign)]
    lines = docstring_lines(limit=help_texts)
    cut = len(lines) - len(lines) // _HELD_OUT
    for labels, frames in kinds:
        first_held = len(frames) - len(frames) // _HELD_OUT
        for frame in frames[:first_held]:
            drawn = [_fill(frame, written.fillers, draw) for _ in range(per_frame)]
            train += [Labelled(_within(text, lines[:cut], draw), labels) for text in drawn]
        for frame in frames[first_held:]:
            held_out += [Labelled(_fill(frame, written.fillers, draw), labels) for _ in range(per_frame)]
    train += [Labelled(text, frozenset()) for text in lines[:cut]]
    held_out += [Labelled(text, frozenset()) for text in lines[cut:]]
    draw.shuffle(train)
    return Corpus(tuple(train), tuple(held_out))


def docstring_lines(*, limit: int) -> list[str]:
    """First lines of the docstrings of Python's standard library, each once, in the order of the files' names."""
    lines: dict[str, None] = {}
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = (ast.get_docstring(node) or "").partition("\n")[0].strip()
                if text:
                    lines[text] = None
        if len(lines) >= limit:
            break
    return list(lines)[:limit]


def _within(text: str, lines: Sequence[str], draw: random.Random) -> str:
    """The text, two times in three somewhere in a help text, so that its words decide and not its frame."""
    words = draw.choice(lines).split()
    place = draw.randint(0, len(words))
    return draw.choice((text, " ".join((*words[:place], text, *words[place:])), f"{text} {' '.join(words)}"))


def _fill(frame: str, fillers: Mapping[str, Sequence[str]], draw: random.Random) -> str:
    text = _FILLER.sub(lambda found: draw.choice(fillers[found[1]]), frame)
    return draw.choice((text, text, text.lower(), text.rstrip(".!?"), text[:1].upper() + text[1:]))
