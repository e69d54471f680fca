"""Scores through LoRA adapters that are merged into the base, for an engine that is slow through adapters."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from strigil.engines.protocol import Adapter, Scorable, TokenScores
from strigil.models.catalog import copy_companions

if TYPE_CHECKING:
    from strigil.engines.protocol import Engine
    from strigil.models.catalog import Model


class MergedScorer:
    """Scores completions; each adapter that they name is merged into the base and opened as a model of its own.

    vLLM's adapter kernels for the CPU copy both factors of each matrix anew for every token (`bgmv_shrink` and its like
    in 0.32). Base plus adapter in one matrix is the same function but for rounding, if it is kept in float32; in 16
    bits a small adapter would be lost.

    One engine is open at a time, and opening one takes seconds: sequences of the same adapter belong into one call.

    Args:
        base: The model that the adapters belong to.
        opening: Opens an engine that computes in float32 with a model.
        folder: Where merged models are while this is open, of which each is as large as the base in float32; what a
            killed run left there is removed. No other run may use it.
    """

    def __init__(self, base: Model, opening: Callable[[Model], Engine], folder: Path) -> None:
        self._base = base
        self._opening = opening
        self._folder = folder
        self._merged: dict[Adapter, Model] = {}
        self._open: tuple[Adapter | None, Engine] | None = None
        self._versions: dict[str, str] = {}
        self.name = "none"

    def score(self, sequences: Sequence[Scorable]) -> list[TokenScores]:
        """As `Engine.score`.

        Raises:
            ConfigError: A text does not fit into the context, or an adapter not to the model.
            PrerequisiteError: The engine's libraries, or peft, are not installed.
        """
        places: dict[Adapter | None, list[int]] = {}
        for place, sequence in enumerate(sequences):
            places.setdefault(sequence.adapter, []).append(place)
        scores = [TokenScores(sequence.key, (), (), n_prompt=0) for sequence in sequences]
        for adapter, group in places.items():
            found = self._engine(adapter).score([replace(sequences[place], adapter=None) for place in group])
            for place, of_sequence in zip(group, found, strict=True):
                scores[place] = of_sequence
        return scores

    def versions(self) -> dict[str, str]:
        """As `Engine.versions`; empty before anything was scored."""
        return self._versions

    def __enter__(self) -> Self:
        shutil.rmtree(self._folder, ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _engine(self, adapter: Adapter | None) -> Engine:
        if self._open is not None and self._open[0] == adapter:
            return self._open[1]
        self._close()
        if adapter is None:
            model = self._base
        elif adapter in self._merged:
            model = self._merged[adapter]
        else:
            model = replace(self._base, path=self._folder / str(len(self._merged)))
            write_merged(self._base.path, adapter, model.path)
            self._merged[adapter] = model
        engine = self._opening(model)
        self._open = (adapter, engine)
        self.name = f"{engine.name}, adapters merged"
        self._versions = engine.versions()
        return engine

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None


def write_merged(base: Path, adapter: Adapter, folder: Path) -> None:
    """Writes a model whose weights are the base's plus the adapter's, in float32, with the base's tokenizer.

    Raises:
        ConfigError: The adapter does not fit the model.
        PrerequisiteError: peft is not installed.
    """
    from strigil.engines.transformers.lora import AdapterSwitch
    from strigil.models.loading import load_causal_model, no_progress_bars

    model = load_causal_model(base, "float32")
    with no_progress_bars():
        AdapterSwitch(model, base).merge(adapter).save_pretrained(folder)
    copy_companions(base, folder)
