"""Detoxify checkpoints, loaded so that nothing in them runs and nothing is missing from them.

Detoxify itself unpickles whatever it is given, and a checkpoint without its classification head loads with a random one
(https://github.com/unitaryai/detoxify, 0.5.4). Here the SHA-256 comes first, only tensors and plain values are
unpickled, the architecture must be one that detoxify uses, and every weight must be there.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from strigil.audits.toxicity.scoring import VERSION, Classifier
from strigil.common.canonical import digest
from strigil.common.errors import DataError, PrerequisiteError, first_line
from strigil.common.validation import explain

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

_ARCHITECTURES: Final = ("Bert", "Albert", "Roberta", "XLMRoberta")
# Buffers that older versions of transformers saved; they hold 0, 1, 2, ...
_OLD_BUFFER: Final = "embeddings.position_ids"
_CLASS_NAMES: Final = {
    "toxic": "toxicity",
    "identity_hate": "identity_attack",
    "severe_toxic": "severe_toxicity",
}


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Arch(_Lenient):
    model_type: str
    model_name: str
    tokenizer_name: str
    num_classes: int


class _ArchSection(_Lenient):
    args: _Arch


class _Classes(_Lenient):
    classes: list[str]


class _DatasetSection(_Lenient):
    args: _Classes


class _Config(_Lenient):
    arch: _ArchSection
    dataset: _DatasetSection


@dataclass(frozen=True)
class Checkpoint:
    """Where a model comes from.

    Attributes:
        path: The file, in detoxify's format.
        sha256: Its SHA-256, or the beginning of it.
        config: A folder with `config.json` and the tokenizer; None takes those of the base model from the Hugging Face
            Hub or its cache.
    """

    path: Path
    sha256: str
    config: Path | None


def load(checkpoint: Checkpoint) -> Classifier:
    """Loads a checkpoint.

    Raises:
        DataError: It has another digest, holds more than weights and plain values, is not of detoxify's format, lacks
            weights or has weights that its model does not.
        PrerequisiteError: Detoxify is not installed, or the base model's configuration is neither here nor fetchable.
    """
    config, state, sha256 = _read(checkpoint)
    return _assemble(config, state, checkpoint, sha256)


def base_model(checkpoint: Checkpoint) -> str:
    """The name of the model that a checkpoint was trained from, on the Hugging Face Hub.

    Raises:
        DataError: As `load`.
    """
    return _read(checkpoint)[0].arch.args.model_type


def _read(checkpoint: Checkpoint) -> tuple[_Config, dict[str, torch.Tensor], str]:
    path = checkpoint.path
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"cannot read the checkpoint {path}: {error.strerror or error}"
        raise DataError(message) from error
    sha256 = hashlib.sha256(data).hexdigest()
    if not sha256.startswith(checkpoint.sha256.lower()):
        message = f"the checkpoint {path} is not the expected one: its SHA-256 is {sha256}, not {checkpoint.sha256}"
        raise DataError(message, hint="nothing of it was loaded; fetch it again, or set sha256 if it is your own")
    return (*_unpickle(data, path), sha256)


def _unpickle(data: bytes, path: Path) -> tuple[_Config, dict[str, torch.Tensor]]:
    import torch

    try:
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        what = next((line.strip() for line in str(error).splitlines() if "GLOBAL" in line), "it is damaged")
        message = f"the checkpoint {path} holds more than weights and plain values, and may run code: {what}"
        raise DataError(message, hint="nothing of it was run; use a checkpoint that holds weights only") from error
    except (RuntimeError, EOFError, ValueError) as error:
        message = f"the checkpoint {path} is damaged: {first_line(error)}"
        raise DataError(message) from error
    if not isinstance(loaded, dict) or not {"config", "state_dict"} <= loaded.keys():
        message = f"the checkpoint {path} is not of detoxify's format: it needs 'config' and 'state_dict'"
        raise DataError(message)
    try:
        config = _Config.model_validate(loaded["config"])
    except ValidationError as error:
        message = f"the checkpoint {path} is not of detoxify's format: config.{explain(error, _Config)}"
        raise DataError(message) from error
    state: dict[str, torch.Tensor] = dict(loaded["state_dict"])
    return config, state


def _assemble(config: _Config, state: dict[str, torch.Tensor], checkpoint: Checkpoint, sha256: str) -> Classifier:
    import torch
    import transformers

    from strigil.models.loading import no_progress_bars

    detoxify = _detoxify()
    arch, path = config.arch.args, checkpoint.path
    kind = arch.model_name.removesuffix("ForSequenceClassification")
    if kind not in _ARCHITECTURES or arch.tokenizer_name.removesuffix("Fast") != f"{kind}Tokenizer":
        message = f"the checkpoint {path} wants {arch.model_name} with {arch.tokenizer_name}"
        raise DataError(message, hint=f"detoxify uses {', '.join(_ARCHITECTURES)}")
    base = arch.model_type if checkpoint.config is None else str(checkpoint.config)
    model_class = getattr(transformers, arch.model_name)
    try:
        settings = model_class.config_class.from_pretrained(base, num_labels=arch.num_classes)
        with torch.device("meta"):
            expected = model_class(settings).state_dict()
        state = {key: value for key, value in state.items() if key in expected or not key.endswith(_OLD_BUFFER)}
        _check_weights(expected, state, path)
        with no_progress_bars():
            model, tokenizer = detoxify.get_model_and_tokenizer(
                **arch.model_copy(update={"model_type": base}).model_dump(), state_dict=state
            )
    except OSError as error:
        message = f"the configuration or the tokenizer of {base} is not here: {first_line(error)}"
        raise PrerequisiteError(message, hint="give a folder that holds them as `config` of text.toxicity") from error
    _fuse_activations(model)
    special = 2 if kind in {"Roberta", "XLMRoberta"} else 0  # their positions begin after the padding index
    return Classifier(
        model=model.float().eval(),
        tokenizer=tokenizer,
        classes=tuple(_CLASS_NAMES.get(name, name) for name in config.dataset.args.classes),
        max_tokens=settings.max_position_embeddings - special,
        digest=digest([VERSION, sha256, settings.to_json_string(use_diff=False), tokenizer.backend_tokenizer.to_str()]),
    )


def _fuse_activations(model: PreTrainedModel) -> None:
    """Puts the fused form of ALBERT's activation in place of the one in eight steps, which takes as long as a matrix.

    Scores change by less than 1e-6.
    """
    from transformers.activations import GELUTanh, NewGELUActivation

    for module in model.modules():
        for name, part in module.named_children():
            if isinstance(part, NewGELUActivation):
                setattr(module, name, GELUTanh())


def _check_weights(expected: Mapping[str, torch.Tensor], state: Mapping[str, torch.Tensor], path: Path) -> None:
    problems = {
        "lacks": sorted(expected.keys() - state.keys()),
        "has the unknown": sorted(state.keys() - expected.keys()),
        "has the wrong shape of": sorted(
            key for key in expected.keys() & state.keys() if expected[key].shape != state[key].shape
        ),
    }
    for what, keys in problems.items():
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            message = f"the checkpoint {path} {what} {', '.join(keys[:3])}{more}"
            raise DataError(message, hint="a model with missing weights would score at random")


def _detoxify() -> ModuleType:
    try:
        from detoxify import detoxify
    except ImportError as error:
        message = "text.toxicity needs detoxify, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[toxicity]'") from error
    module: ModuleType = detoxify
    return module
