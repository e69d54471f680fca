"""Causal language models loaded by transformers, all in one way, and without its progress bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from transformers import AutoModelForCausalLM
from transformers.utils import logging

from strigil.common.errors import ConfigError, first_line

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@contextmanager
def no_progress_bars() -> Iterator[None]:
    """Turns transformers' bars off for a while: they would tear ours apart."""
    before = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if before:
            logging.enable_progress_bar()


def load_causal_model(folder: Path, dtype: str) -> PreTrainedModel:
    """Loads a model onto the CPU, without dropout; from safetensors alone, and no code of the folder's is run.

    Args:
        folder: The model's folder.
        dtype: "auto" is the type that its weights are stored in.

    Raises:
        ConfigError: The folder holds no model that transformers can read.
    """
    try:
        with no_progress_bars():
            model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(
                folder, dtype=dtype, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
    except (OSError, ValueError) as error:
        message = f"{folder} cannot be loaded as a language model: {first_line(error)}"
        raise ConfigError(message, hint="give a folder with config.json and safetensors weights") from error
    model.eval()
    return model
