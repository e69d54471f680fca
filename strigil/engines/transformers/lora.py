"""LoRA adapters on a transformers model: each loaded once, one of them (or none) active at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.engines.failures import gist
from strigil.engines.protocol import Adapter
from strigil.models.adapters import check_adapter

if TYPE_CHECKING:
    from pathlib import Path

    from peft import PeftModel
    from transformers import PreTrainedModel


class AdapterSwitch:
    """Adds adapters to a base model, which was loaded from `folder`, and chooses between them."""

    def __init__(self, base: PreTrainedModel, folder: Path) -> None:
        self._base = base
        self._folder = folder
        self._wrapped: PeftModel | None = None
        self._names: dict[Adapter, str] = {}

    @contextmanager
    def active(self, adapter: Adapter | None) -> Iterator[PreTrainedModel | PeftModel]:
        """The model as seen through the adapter; the base itself for None."""
        if adapter is not None:
            wrapped = self._load(adapter)
            wrapped.set_adapter(self._names[adapter])
            yield wrapped
        elif self._wrapped is not None:
            with self._wrapped.disable_adapter():
                yield self._wrapped
        else:
            yield self._base

    def merge(self, adapter: Adapter) -> PreTrainedModel:
        """The base with one adapter added to its weights, for good: nothing can be switched any more.

        Raises:
            ConfigError: The adapter does not fit, or changes a head that is the embeddings too.
        """
        head, embeddings = self._base.get_output_embeddings(), self._base.get_input_embeddings()
        changed = {self._base.get_submodule(name) for name in check_adapter(adapter.path, self._folder)}
        if head in changed and head.weight is embeddings.weight:
            message = f"the adapter {adapter.path} changes the head, whose weights are those of the embeddings"
            raise ConfigError(message, hint="merged, it would change those too: use it as an adapter")
        merged: PreTrainedModel = self._load(adapter).merge_and_unload()
        return merged

    def _load(self, adapter: Adapter) -> PeftModel:
        if self._wrapped is not None and adapter in self._names:
            return self._wrapped
        check_adapter(adapter.path, self._folder)
        try:
            from peft import PeftModel  # it takes seconds to import, and most runs have no adapter
        except ImportError as error:
            message = f"the adapter {adapter.name} needs peft, which cannot be imported: {error}"
            raise PrerequisiteError(message, hint='pip install "strigil[train]"') from error
        name = f"adapter_{len(self._names)}"
        try:
            if self._wrapped is None:
                self._wrapped = PeftModel.from_pretrained(self._base, adapter.path, adapter_name=name)
            else:
                self._wrapped.load_adapter(adapter.path, adapter_name=name)
        except (OSError, RuntimeError, ValueError) as error:
            message = f"the adapter {adapter.path} does not fit the model: {gist(error)}"
            raise ConfigError(message, hint="use an adapter that was trained on this base") from error
        self._wrapped.eval()
        self._names[adapter] = name
        return self._wrapped
