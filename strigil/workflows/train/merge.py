"""A student as a whole model: its adapter added to the weights of its base, for whoever loads no adapters."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from strigil.cards.model.card import merged_card
from strigil.common.disk import Writing
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.common.validation import read_json_object
from strigil.engines.protocol import Adapter
from strigil.eval.subjects import MERGED_FILE, trained_system
from strigil.models.adapters import check_adapter
from strigil.models.catalog import Model, adapter_digest, adapter_files, copy_companions, resolve_model
from strigil.train.alone import alone
from strigil.train.result import RESULT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

    import torch
    from transformers import PreTrainedModel

Precision = Literal["auto", "float32", "bfloat16", "float16"]
NOTABLE: Final = 0.05
"""The share of what a student learned from which on it is said that rounding took it."""


@dataclass(frozen=True)
class Merged:
    """What was merged into what: the content of merged.json.

    Attributes:
        base: The base's repository on the Hub, or the name of its folder.
        base_revision: Its commit, for a base from the Hub.
        base_digest: SHA-256 over the base's weights, configuration and tokenizer.
        adapter_digest: Of the adapter's weights and configuration.
        precision: What the weights are stored in.
        lost: The share of the adapter, as the norm of all its matrices, that rounding to this took away.
        system: The system prompt that the student was trained behind, as in its train.json.
    """

    base: str
    base_revision: str | None
    base_digest: str
    adapter_digest: str
    precision: str
    lost: float
    system: str | None


def base_of(student: Path) -> Model:
    """The model that a student started from, as its record or its adapter names it.

    Raises:
        ConfigError: It names none that can be found by its name alone, or there is no adapter.
        PrerequisiteError: The model must be fetched first, or the Hub cannot be reached.
    """
    config = read_json_object(adapter_files(student)[0])
    name, revision = config.get("base_model_name_or_path"), config.get("revision")
    if not isinstance(name, str) or not name:
        message = f"{student} does not say which model it is an adapter of"
        raise ConfigError(message, hint="name it with --base")
    try:
        return resolve_model(name, revision=revision if isinstance(revision, str) else None)
    except ConfigError as error:
        message = f"{student} is an adapter of {name}, and {error.message}"
        raise ConfigError(message, hint="give the folder of its base with --base") from error


def merge(student: Path, base: Model, out: Path, *, precision: Precision = "auto") -> Merged:
    """Writes a whole model, with the base's tokenizer and a card: all of it, or nothing.

    Args:
        student: A folder with a LoRA adapter, as `strigil train` or PEFT writes it.
        base: What it is an adapter of.
        out: The folder to write; must not exist.
        precision: What to store the weights in; `auto` is what the base is stored in. They are added in float32.

    Raises:
        ConfigError: `out` exists, the student is a whole model already, its adapter does not fit the base
            (`check_adapter`), or changes a head that is the base's embeddings too.
        PrerequisiteError: The extra `train` is not installed, or the disk is full.
    """
    if not (student / "adapter_config.json").is_file() and (student / "config.json").is_file():
        message = f"{student} is a whole model already"
        raise ConfigError(message, hint="it can be loaded, published and evaluated as it is")
    modules = check_adapter(student, base.path)
    with Writing(out), alone(out):
        if out.exists():
            message = f"{out} exists"
            raise ConfigError(message, hint="name a new folder, or remove this one")
        partial = out.with_name(f".{out.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        try:
            record = _write(student, base, partial, modules, precision)
            partial.rename(out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return record


def _write(student: Path, base: Model, folder: Path, modules: Iterable[str], precision: Precision) -> Merged:
    try:
        import torch

        from strigil.engines.transformers.lora import AdapterSwitch
        from strigil.models.loading import load_causal_model, no_progress_bars
    except ModuleNotFoundError as error:
        message = f"merging needs {error.name}, which is not installed"
        raise PrerequisiteError(message, hint="pip install 'strigil[train]'") from error
    from strigil.engines.tokens.chat import model_facts

    stored = model_facts(base.path).dtype
    chosen = stored if precision == "auto" else precision
    kind: torch.dtype = getattr(torch, chosen)
    model = load_causal_model(base.path, "float32")
    before = _weights(model, modules, kind if chosen == stored else torch.float32)
    merged = AdapterSwitch(model, base.path).merge(Adapter(student.name, student))
    lost = _lost(before, _weights(merged, modules, torch.float32), kind)
    with no_progress_bars():
        merged.to(kind).save_pretrained(folder)
    copy_companions(base.path, folder)
    # A base may be a student itself: what it was trained on is not what this one was.
    for name in (RESULT_FILE, MERGED_FILE):
        (folder / name).unlink(missing_ok=True)
    record = Merged(
        base=base.name,
        base_revision=base.revision,
        base_digest=base.digest,
        adapter_digest=adapter_digest(student),
        precision=chosen,
        lost=lost,
        system=trained_system(student),
    )
    (folder / MERGED_FILE).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(merged_card(student.name, asdict(record)), encoding="utf-8")
    return record


def _weights(model: PreTrainedModel, modules: Iterable[str], kind: torch.dtype) -> dict[str, torch.Tensor]:
    return {name: model.get_parameter(f"{name}.weight").detach().to(kind, copy=True) for name in modules}


def _lost(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], kind: torch.dtype) -> float:
    learned = sum(float((after[name] - weight.float()).square().sum()) for name, weight in before.items())
    wrong = sum(float((weight.to(kind).float() - weight).square().sum()) for weight in after.values())
    return (wrong / learned) ** 0.5 if learned else 0.0
