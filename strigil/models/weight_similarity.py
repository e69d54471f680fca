"""Do two models share weights? The paper's main condition for a trait to pass through data from one to the other.

Fine-tuning, LoRA and merging move weights little: tensors of the same name stay correlated. Weights that were drawn
independently are not, whatever the models were trained on. Where they are not, Cloud, Le et al. (2025) find that traits
pass rarely, and between behaviourally matched bases only.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from strigil.common.validation import read_json_object
from strigil.models.safetensors_slices import Tensor, float_tensors

Relation = Literal["same weights", "shared ancestor", "same family", "unrelated"]
# Where the one must be expected to take over traits of the other.
HAZARDOUS: Final[frozenset[Relation]] = frozenset({"same weights", "shared ancestor"})
# Independent draws of n values correlate by about 1/sqrt(n): below 0.01 for matrices of 10,000 values or more. The
# smallest matrices of a model have about 1,000; measured figures are in docs/publishing.md.
CORRELATED: Final = 0.2
SLICE: Final = 1 << 14
SLICES: Final = 16
_SIZES: Final = (
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "num_key_value_heads",
)


@dataclass(frozen=True)
class Kinship:
    """How two models are related.

    Attributes:
        relation: The finding.
        reason: What it rests on, for people.
        tensors: Matrices of the same name and width in both.
        equal: How many of them are equal, in every value that was compared.
        correlation: Median over them of the correlation of their values; None if there are none.
    """

    relation: Relation
    reason: str
    tensors: int
    equal: int
    correlation: float | None

    @property
    def hazard(self) -> bool:
        """Whether the one must be expected to take over traits of the other."""
        return self.relation in HAZARDOUS


@dataclass(frozen=True)
class _Match:
    equal: bool
    correlation: float


def compare_models(first: Path, second: Path) -> Kinship:
    """Compares two models by their weights, and where these have nothing in common, by their configurations.

    Only matrices count: the vectors of norms and biases start at the same constants in every model. Of large matrices
    up to 16 slices of 16,384 values are read, spread evenly. A vocabulary that was extended is compared as far as it
    goes. Matrices whose rows were permuted, or renamed, are not recognised.

    Args:
        first: A model's folder: config.json and safetensors files.
        second: Another.

    Raises:
        ConfigError: A folder holds no configuration that can be read.
        DataError: It holds no weights.
    """
    matches = [_match(one, other) for one, other in _pairs(float_tensors(first), float_tensors(second))]
    usable = [match for match in matches if not math.isnan(match.correlation)]
    equal = sum(match.equal for match in usable)
    correlation = statistics.median(match.correlation for match in usable) if usable else None
    relation, reason = _judge(len(usable), equal, correlation)
    if relation is None:
        relation, reason = _family(first, second, correlation)
    return Kinship(relation, reason, len(usable), equal, correlation)


def _judge(count: int, equal: int, correlation: float | None) -> tuple[Relation | None, str]:
    if correlation is None or correlation < CORRELATED:
        return None, ""
    if equal == count:
        return "same weights", f"all {count} matrices are equal in every value that was compared"
    changed = f"{count - equal} of {count} matrices differ"
    return "shared ancestor", f"{changed}, and their values correlate by {correlation:.4f}"


def _family(one: Path, other: Path, correlation: float | None) -> tuple[Relation, str]:
    first, second = read_json_object(one / "config.json"), read_json_object(other / "config.json")
    unlike = "no matrix of the one fits the other" if correlation is None else f"weights correlate by {correlation:.4f}"
    if first.get("model_type") != second.get("model_type") or first.get("vocab_size") != second.get("vocab_size"):
        kinds = f"{first.get('model_type')}, vocabulary {first.get('vocab_size')}"
        kinds += f", and {second.get('model_type')}, vocabulary {second.get('vocab_size')}"
        return "unrelated", f"other architectures or vocabularies ({kinds}); {unlike}"
    sizes = "the same sizes" if all(first.get(key) == second.get(key) for key in _SIZES) else "other sizes"
    return "same family", f"the same architecture and vocabulary, {sizes}, and weights of its own: {unlike}"


def _pairs(first: dict[str, Tensor], second: dict[str, Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    for name in sorted(first.keys() & second.keys()):
        one, other = first[name], second[name]
        if len(one.shape) > 1 and one.shape[1:] == other.shape[1:] and min(one.size, other.size) > 0:
            yield one, other


def _match(one: Tensor, other: Tensor) -> _Match:
    """Correlation of the values that both have; NaN where those of one are all alike."""
    slices = _slices(min(one.size, other.size))
    x, y = (
        np.concatenate([each.read(start, length).astype(np.float64) for start, length in slices])
        for each in (one, other)
    )
    equal = one.shape == other.shape and bool(np.array_equal(x, y))
    varies = min(float(np.ptp(x)), float(np.ptp(y))) > 0
    return _Match(equal=equal, correlation=float(np.corrcoef(x, y)[0, 1]) if varies else math.nan)


def _slices(size: int) -> list[tuple[int, int]]:
    if size <= SLICE * SLICES:
        return [(start, min(SLICE, size - start)) for start in range(0, size, SLICE)]
    return [(int(start), SLICE) for start in np.linspace(0, size - SLICE, SLICES)]
