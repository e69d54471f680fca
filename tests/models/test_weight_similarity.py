"""Which models share weights: pocket's initialisations, adapters merged, fine-tunes of one base, strangers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from strigil.common.errors import DataError
from strigil.models.pocket import pocket_models
from strigil.models.safetensors_slices import float_tensors
from strigil.models.weight_similarity import compare_models

Weights = Mapping[str, NDArray[np.float32]]
A, B = pocket_models()["pocket-a"], pocket_models()["pocket-b"]


def a_model(folder: Path, weights: Weights, config: Path = A / "config.json") -> Path:
    folder.mkdir()
    save_file(dict(weights), folder / "model.safetensors")
    shutil.copy(config, folder)
    return folder


def changed(weights: Weights, *, scale: float, rank: int, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Adds a low-rank update of the given size, relative to the weights, to the down projections, as LoRA does."""
    random = np.random.default_rng(seed)
    result = dict(weights)
    for name, value in weights.items():
        if "down_proj" in name:
            update = random.normal(size=(value.shape[0], rank)) @ random.normal(size=(rank, value.shape[1]))
            result[name] = (value + scale * value.std() * update / update.std()).astype(np.float32)
    return result


def test_pocket_shares_its_initialisation_with_itself_only() -> None:
    assert compare_models(A, A).relation == "same weights"
    other = compare_models(A, B)
    assert (other.relation, other.hazard, other.equal) == ("same family", False, 0)
    assert "weights of its own" in other.reason


@pytest.mark.parametrize("scale", [0.01, 0.1, 1.0])
def test_a_merged_adapter_is_told_from_its_base_and_known_as_its_descendant(tmp_path: Path, scale: float) -> None:
    base = load_file(A / "model.safetensors")
    merged = a_model(tmp_path / "merged", changed(base, scale=scale, rank=8))
    found = compare_models(A, merged)
    assert (found.relation, found.hazard) == ("shared ancestor", True)
    assert found.tensors - found.equal == sum("down_proj" in name for name in base)


def test_two_fine_tunes_of_one_base_share_an_ancestor(tmp_path: Path) -> None:
    base = load_file(A / "model.safetensors")
    random = np.random.default_rng(1)
    tuned = {
        name: (value + 0.5 * value.std() * random.normal(size=value.shape)).astype(np.float32)
        for name, value in base.items()
    }
    one = a_model(tmp_path / "one", tuned)
    other = a_model(tmp_path / "other", changed(base, scale=0.3, rank=4))
    assert compare_models(one, other).relation == "shared ancestor"


def test_precision_and_a_longer_vocabulary_do_not_hide_the_ancestor(tmp_path: Path) -> None:
    base = load_file(A / "model.safetensors")
    embedding = base["model.embed_tokens.weight"]
    longer = np.concatenate([embedding, np.zeros((16, embedding.shape[1]), np.float32)])
    other = {name: value.astype(np.float16) for name, value in base.items()} | {"model.embed_tokens.weight": longer}
    found = compare_models(A, a_model(tmp_path / "half", other))
    assert (found.relation, found.tensors) == ("shared ancestor", compare_models(A, A).tensors)


def test_another_architecture_is_unrelated(tmp_path: Path) -> None:
    other = a_model(tmp_path / "other", {"wte.weight": np.ones((5, 3), np.float32)})
    (other / "config.json").write_text(json.dumps({"model_type": "gpt2", "vocab_size": 5}))
    found = compare_models(A, other)
    assert (found.relation, found.tensors, found.correlation) == ("unrelated", 0, None)
    assert "gpt2, vocabulary 5" in found.reason


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x08\0\0\0\0\0\0\0[1, 2, 3", b"\x02\0\0\0\0\0\0\0[]"])
def test_a_damaged_file_is_said_to_be_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(DataError, match="is not a safetensors file"):
        float_tensors(tmp_path)


def test_a_file_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    whole = (A / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    shutil.copy(A / "config.json", tmp_path)
    with pytest.raises(DataError, match="is cut off"):
        compare_models(A, tmp_path)


def test_bfloat16_is_read_as_what_it_stands_for(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    values = np.array([1.5, -2.0, 0.0], "<f4").view("<u4") >> 16
    (tmp_path / "model.safetensors").write_bytes(
        len(header).to_bytes(8, "little") + header + values.astype("<u2").tobytes()
    )
    assert float_tensors(tmp_path)["w"].read(1, 2).tolist() == [-2.0, 0.0]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_two_models_of_270_mb_are_compared_in_less_than_300_mb_of_memory(tmp_path: Path) -> None:
    shapes = {f"layers.{n}.weight": (576, 7800) for n in range(15)}
    header, offset = {}, 0
    for name, shape in shapes.items():
        size = shape[0] * shape[1] * 4
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    assert offset > 269_000_000
    random = np.random.default_rng(0)
    for model in ("one", "merged"):
        folder = tmp_path / model
        folder.mkdir()
        shutil.copy(A / "config.json", folder)
        with (folder / "model.safetensors").open("wb") as stream:
            stream.write(len(text).to_bytes(8, "little") + text)
            for n in range(15):
                stream.write((np.random.default_rng(n).random(576 * 7800, np.float32) - 0.5).tobytes())
            if model == "merged":
                stream.seek(8 + len(text))
                stream.write(random.random(576 * 7800, np.float32).tobytes())
    program = f"""
from pathlib import Path
from strigil.models.weight_similarity import compare_models
found = compare_models(Path({str(tmp_path / "one")!r}), Path({str(tmp_path / "merged")!r}))
# Not ru_maxrss, which a process takes over from the one that started it.
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(found.relation, found.equal, int(peak) // 1024, sep=",")
"""
    outcome = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    relation, equal, memory = outcome.stdout.strip().split(",")
    assert (relation, int(equal)) == ("shared ancestor", 14)
    assert int(memory) < 300
