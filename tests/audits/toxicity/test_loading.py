"""Checkpoints: what is not exactly a whole toxicity model is refused, with the reason, and nothing of it runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import torch

from strigil.audits.toxicity.canaries import check_canaries
from strigil.audits.toxicity.loading import Checkpoint, load
from strigil.audits.toxicity.published import official
from strigil.common.canonical import file_digest
from strigil.common.errors import DataError, PrerequisiteError

POCKET = official("pocket")
Loaded = dict[str, dict[str, object]]


def saved(content: object, folder: Path) -> Checkpoint:
    path = folder / "made.ckpt"
    torch.save(content, path)
    return Checkpoint(path, file_digest(path), POCKET.config)


def changed(change: Callable[[Loaded], None], folder: Path) -> Checkpoint:
    content = cast("Loaded", torch.load(POCKET.path, weights_only=True))
    change(content)
    return saved(content, folder)


def test_the_pocket_model_loads_and_passes_its_canaries() -> None:
    classifier = load(POCKET)
    assert classifier.classes == ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
    check_canaries(classifier, source="pocket")


class RunsCode:
    """Unpickles by creating a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.file,)


def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    proof = tmp_path / "it-ran"
    checkpoint = saved({"config": {}, "state_dict": RunsCode(proof)}, tmp_path)
    with pytest.raises(DataError, match="holds more than weights and plain values, and may run code"):
        load(checkpoint)
    assert not proof.exists()
    torch.load(checkpoint.path, weights_only=False)
    assert proof.exists()


def test_another_digest_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "other.ckpt"
    path.write_bytes(b"not even a checkpoint")
    with pytest.raises(DataError, match=rf"its SHA-256 is {file_digest(path)}, not {POCKET.sha256}"):
        load(Checkpoint(path, POCKET.sha256, POCKET.config))


def test_a_missing_weight_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"lacks classifier\.weight"):
        load(changed(lambda content: content["state_dict"].__delitem__("classifier.weight"), tmp_path))


def test_an_unknown_weight_is_named(tmp_path: Path) -> None:
    extra = {"classifier.more": torch.zeros(1)}
    with pytest.raises(DataError, match=r"has the unknown classifier\.more"):
        load(changed(lambda content: content["state_dict"].update(extra), tmp_path))


def test_a_weight_of_another_shape_is_named(tmp_path: Path) -> None:
    short = {"classifier.bias": torch.zeros(3)}
    with pytest.raises(DataError, match=r"has the wrong shape of classifier\.bias"):
        load(changed(lambda content: content["state_dict"].update(short), tmp_path))


def test_position_ids_of_older_checkpoints_are_no_problem(tmp_path: Path) -> None:
    old = {"bert.embeddings.position_ids": torch.arange(128)[None]}
    assert load(changed(lambda content: content["state_dict"].update(old), tmp_path)).classes


def test_another_architecture_is_refused(tmp_path: Path) -> None:
    def other(content: Loaded) -> None:
        arch = cast("dict[str, dict[str, str]]", content["config"]["arch"])
        arch["args"]["model_name"] = "AutoModelForCausalLM"

    with pytest.raises(DataError, match="wants AutoModelForCausalLM"):
        load(changed(other, tmp_path))


@pytest.mark.parametrize("content", [{"state_dict": {}}, [1, 2], {"config": {"arch": {}}, "state_dict": {}}])
def test_another_format_is_refused(content: object, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not of detoxify's format"):
        load(saved(content, tmp_path))


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.ckpt"
    path.write_bytes(POCKET.path.read_bytes()[:100_000])
    with pytest.raises(DataError, match="damaged"):
        load(Checkpoint(path, file_digest(path), POCKET.config))


def test_a_random_head_does_not_pass_the_canaries(tmp_path: Path) -> None:
    torch.manual_seed(0)
    head = {"classifier.weight": torch.randn(6, 64) * 0.02}
    classifier = load(changed(lambda content: content["state_dict"].update(head), tmp_path))
    with pytest.raises(DataError, match=r"cannot tell toxic from benign sentences: .*canary"):
        check_canaries(classifier, source="made")


def test_a_base_model_that_is_not_here_is_a_prerequisite(tmp_path: Path) -> None:
    made = saved(torch.load(POCKET.path, weights_only=True), tmp_path)
    with pytest.raises(PrerequisiteError, match="tokenizer of pocket is not here"):
        load(Checkpoint(made.path, made.sha256, None))
