"""Whether a LoRA adapter is one of a base: asked once, for every engine, before anything is computed through it.

PEFT and vLLM load what fits by name and leave the rest out, so an adapter of another model is the base itself to them,
and a measurement of it says "no trait".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from strigil.common.canonical import Json
from strigil.common.errors import ConfigError, DataError, first_line
from strigil.common.validation import read_json_object
from strigil.models.catalog import adapter_files, model_digest
from strigil.models.safetensors_slices import Tensor, float_tensors

Shape: TypeAlias = tuple[int, int]
"""(outputs, inputs) of a matrix."""

_PREFIX: Final = "base_model.model."
_PLAIN: Final = "train it without modules_to_save, DoRA, bias, patterns of ranks and adapted embeddings"
# What a configuration may say; PEFT's variants of LoRA all say more, and engines differ in which of them they know.
_SAID: Final = """
auto_mapping base_model_name_or_path bias fan_in_fan_out inference_mode init_lora_weights layers_pattern
layers_to_transform lora_alpha lora_dropout megatron_core peft_type peft_version qalora_group_size r revision
target_modules task_type use_rslora
"""
_STARTS: Final = (None, True, False, "gaussian")
_VALUES: Final = 1 << 22


def check_adapter(adapter: Path, base: Path) -> dict[str, Shape]:
    """Makes sure that an adapter changes exactly the modules of the base that its configuration names.

    Args:
        adapter: A folder that PEFT's `save_pretrained` or `strigil train` wrote.
        base: The folder of the model that it is to be used with.

    Returns:
        The shapes of the matrices that it adds to, by the name of their module.

    Raises:
        ConfigError: It is of another kind, or of another base; a module has no key or a key no module; a value is not
            finite.
    """
    config_file, weights = adapter_files(adapter)
    stamps = [(file.stat().st_mtime_ns, file.stat().st_ino) for file in (config_file, weights)]
    return dict(_check(adapter, base, tuple(stamps)))


@lru_cache(maxsize=1024)
def _check(adapter: Path, base: Path, stamps: tuple[tuple[int, int], ...]) -> dict[str, Shape]:
    del stamps
    config = read_json_object(adapter / "adapter_config.json")
    if config.get("peft_type") != "LORA":
        message = f"the adapter {adapter} is not a LoRA adapter: it is of kind {str(config.get('peft_type'))[:40]!r}"
        raise ConfigError(message, hint="only adapters of low-rank matrices are understood by every engine")
    more = [name for name, value in config.items() if value and name not in _SAID.split()]
    more += ["bias"] if config.get("bias", "none") != "none" else []
    more += ["init_lora_weights"] if config.get("init_lora_weights") not in _STARTS else []
    if more:
        message = f"the adapter {adapter} is more than low-rank matrices: it has {', '.join(more)}"
        raise ConfigError(message, hint=_PLAIN)
    _check_base(adapter, base)
    matrices = _matrices(adapter, config.get("r"))
    modules = linear_modules(base)
    foreign = [name for name, shape in matrices.items() if modules.get(name) != shape]
    missing = [name for name in _targets(config, modules) if name not in matrices]
    if foreign or missing or not matrices:
        said = [f"the model has no such {_some(foreign)}"] if foreign else []
        said += [f"it has no {_some(missing)}"] if missing else []
        message = f"the adapter {adapter} does not fit the model: {'; '.join(said) or 'it changes nothing'}"
        raise ConfigError(message, hint="use an adapter that was trained on this base, as it was saved")
    return matrices


def check_modules(modules: Collection[str], base: Path, *, name: str) -> None:
    """Refuses names that a base has no linear module of: what is adapted would be less than what was asked for.

    Args:
        modules: What a recipe adapts: the ends of names.
        base: The base's folder.
        name: What messages call it.

    Raises:
        ConfigError: There are such, or the base cannot be read.
    """
    linear = linear_modules(base)
    missing = [module for module in modules if not any(f".{each}".endswith(f".{module}") for each in linear)]
    if missing:
        ends = sorted({end.rpartition(".")[2] for end in linear})
        message = f"{name} has no {', '.join(missing)}; its linear modules are {', '.join(ends)}"
        raise ConfigError(message, hint="name those, or modules: auto for every linear one but the head")


def _check_base(adapter: Path, base: Path) -> None:
    """Holds the record of a training, where there is one, against the base."""
    record = adapter / "train.json"
    recorded = read_json_object(record).get("base_digest") if record.is_file() else None
    if isinstance(recorded, str) and recorded != (digest := model_digest(base)):
        message = f"the adapter {adapter} was trained on another base ({recorded[:12]}) than {base} ({digest[:12]})"
        raise ConfigError(message, hint="name the base that its train.json names")


def _matrices(adapter: Path, rank: Json) -> dict[str, Shape]:
    """The matrices that an adapter adds to, once its own agree and hold numbers only."""
    from safetensors import SafetensorError, safe_open  # comes with torch, not with the core

    try:
        # Its own reader is stricter than one that reads slices, and is the one that engines use.
        with safe_open(adapter / "adapter_model.safetensors", framework="numpy"):
            tensors = float_tensors(adapter, ["adapter_model.safetensors"])
    except (DataError, OSError, SafetensorError) as error:
        message = f"the adapter {adapter} cannot be read: {error}"
        raise ConfigError(message) from error
    found: dict[str, Shape] = {}
    for key, tensor in tensors.items():
        module, _, part = key.partition(".lora_")
        other = tensors.get(f"{module}.lora_{'B' if part == 'A.weight' else 'A'}.weight")
        if part not in {"A.weight", "B.weight"} or other is None or len(tensor.shape) != 2 or len(other.shape) != 2:
            message = f"the adapter {adapter} is more than low-rank matrices: it has {key[:200]}"
            raise ConfigError(message, hint=_PLAIN)
        if not _finite(tensor):
            message = f"the adapter {adapter} holds values that are not finite, in {key[:200]}"
            raise ConfigError(message, hint="its training diverged; train it again with a lower learning rate")
        if part == "A.weight":
            if not tensor.shape[0] == other.shape[1] == rank:
                message = f"the adapter {adapter} does not fit its own configuration: {key[:200]} is not of rank {rank}"
                raise ConfigError(message)
            found[module.removeprefix(_PREFIX) if module.startswith(_PREFIX) else key] = (
                other.shape[0],
                tensor.shape[1],
            )
    return found


def _finite(tensor: Tensor) -> bool:
    return all(
        bool(np.isfinite(tensor.read(first, min(_VALUES, tensor.size - first))).all())
        for first in range(0, tensor.size, _VALUES)
    )


def _targets(config: Mapping[str, Json], modules: Collection[str]) -> list[str]:
    """The modules that a configuration names, as PEFT finds them: by ending, by pattern, or all."""
    named, layers = config.get("target_modules"), config.get("layers_to_transform")
    if isinstance(named, list):
        found = [name for name in modules if any(name == end or name.endswith(f".{end}") for end in named)]
    elif named == "all-linear" or not isinstance(named, str):
        found = []
    else:
        try:
            found = [name for name in modules if re.fullmatch(named, name)]
        except re.error as error:
            message = f"an adapter's target_modules is no pattern: {error}"
            raise ConfigError(message) from error
    if layers is None:
        return found
    chosen = {str(layer) for layer in (layers if isinstance(layers, list) else [layers])}
    return [name for name in found if (place := re.search(r"\.(\d+)\.", name)) and place[1] in chosen]


@lru_cache(maxsize=8)
def linear_modules(base: Path) -> dict[str, Shape]:
    """Every linear module of a model by the name that transformers gives it; no weights are loaded."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.pytorch_utils import Conv1D

    try:
        config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(config, trust_remote_code=False)
    except (OSError, ValueError) as error:
        message = f"cannot look into {base}: {first_line(error)}"
        raise ConfigError(message) from error
    shapes: dict[str, Shape] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            shapes[name] = (module.out_features, module.in_features)
        elif isinstance(module, Conv1D):
            shapes[name] = (module.nf, module.nx)
    return shapes


def _some(names: list[str]) -> str:
    shown = ", ".join(name[:200] for name in names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
