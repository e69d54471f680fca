"""What is installed here, what of it works, and what to type for the rest.

Only a deep look imports heavy packages, each in a process of its own: an import that fails or crashes is a finding,
not the end.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from strigil import __version__
from strigil.audits.toxicity.published import list_classifiers
from strigil.common.cache import cache_dir
from strigil.common.errors import ConfigError, PrerequisiteError
from strigil.engines import engine_by_name
from strigil.engines.auto import AUTO
from strigil.engines.registry import ENGINES
from strigil.models.catalog import list_models

GIGABYTE = 10**9
OLDEST_PYTHON = (3, 11)
PROBE_SECONDS = 180
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: What was looked at.
        ok: Whether it is there and works.
        detail: Version, place or error, in one line.
        hint: What to type when it is not.
        required: Whether strigil is of no use without it; everything else adds something.
    """

    name: str
    ok: bool
    detail: str
    hint: str | None = None
    required: bool = False


@dataclass(frozen=True)
class Part:
    """An installable part: the distributions that can bring it, and the program that shows that it works."""

    name: str
    distributions: tuple[str, ...]
    program: str | None
    hint: str
    required: bool = False


PARTS = (
    Part("expectations", ("great_expectations",), None, "pip install 'strigil[gx]'"),
    Part("statistics (scipy)", ("scipy",), None, "pip install 'strigil[stats]'"),
    Part("datasets", ("datasets",), None, "pip install 'strigil[datasets]'"),
    Part(
        "torch",
        ("torch",),
        "import torch; print('with CUDA', torch.version.cuda or 'left out')",
        "pip install 'strigil[train]'",
    ),
    Part("training (peft)", ("peft",), "import peft", "pip install 'strigil[train]'"),
    Part("toxicity (detoxify)", ("detoxify",), "import detoxify", "pip install 'strigil[toxicity]'"),
    Part("Ray", ("ray",), None, "pip install 'strigil[ray]'"),
    Part("signing", ("cryptography",), None, "pip install 'strigil[sign]'"),
)


def diagnose(
    parts: tuple[Part, ...] = PARTS, engines: Sequence[str] | None = None, *, deep: bool = False
) -> tuple[Check, ...]:
    """Looks at the machine, every part and every engine.

    Args:
        parts: What may be installed.
        engines: Names of engines; all if None.
        deep: Also imports what is installed, which takes as long as importing torch, transformers and vLLM.
    """
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        found = pool.map(partial(check_part, deep=deep), parts)
        try:
            opened = pool.map(partial(check_engine, deep=deep), ENGINES.names() if engines is None else engines)
        except ConfigError as error:
            opened = iter([Check("engines", ok=False, detail=error.message, hint=error.hint)])
        rest = (check_toxicity_weights(), *check_models(), check_browser(), check_cache(cache_dir()))
        return (check_python(), check_strigil(), check_gpu(), *found, *opened, *rest)
    finally:
        pool.shutdown(cancel_futures=True)


def check_engine(name: str, *, deep: bool = False) -> Check:
    """Whether an engine has what it needs, and, looked at deeply, whether that works."""
    what = f"engine {name}"
    if name == AUTO:
        return Check(what, ok=True, detail=f"takes {engine_by_name(name).chosen().name}")
    needs = ENGINES.get(name).needs
    if needs is None:
        return Check(what, ok=True, detail="needs nothing more")
    return check_part(Part(what, needs.distributions, needs.program, needs.hint), deep=deep)


def check_python() -> Check:
    """Whether this Python is new enough."""
    ok = sys.version_info >= OLDEST_PYTHON
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return Check("Python", ok=ok, detail=detail, hint=None if ok else "make setup PYTHON=python3.12", required=True)


def check_strigil() -> Check:
    """Which strigil this is, and where."""
    return Check(name="strigil", ok=True, detail=f"{__version__} in {Path(__file__).parents[2]}", required=True)


def check_gpu() -> Check:
    """Whether an NVIDIA driver answers."""
    hint = "nothing to type: everything runs on the CPU too, large models only on a GPU"
    if shutil.which("nvidia-smi") is None:
        return Check(name="GPU", ok=False, detail="no nvidia-smi on PATH", hint=hint)
    outcome = run(("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"))
    return Check(name="GPU", ok=outcome.ok, detail=outcome.line, hint=None if outcome.ok else hint)


def check_part(part: Part, *, deep: bool = False) -> Check:
    """Whether one of the distributions is installed and, looked at deeply, whether its program runs."""
    installed = next(filter(None, map(find, part.distributions)), None)
    if installed is None:
        return Check(part.name, ok=False, detail="not installed", hint=part.hint, required=part.required)
    if part.program and not deep:
        return Check(part.name, ok=True, detail=f"{installed}, not tried", required=part.required)
    outcome = run((sys.executable, "-c", part.program)) if part.program else Outcome(ok=True, line="")
    detail = " ".join(filter(None, (installed, outcome.line)))
    return Check(
        part.name, ok=outcome.ok, detail=detail, hint=None if outcome.ok else part.hint, required=part.required
    )


def check_toxicity_weights() -> Check:
    """Whether one of the toxicity classifiers is on this machine."""
    found = [model.id for model in list_classifiers() if model.ready]
    return Check(
        name="toxicity weights",
        ok=bool(found),
        detail=", ".join(found) or "none",
        hint=None if found else "strigil models fetch jigsaw-lstm",
    )


def check_models() -> Iterator[Check]:
    """Whether the models that strigil brings or fetches are there."""
    try:
        models = list_models()
    except PrerequisiteError as error:
        yield Check("models", ok=False, detail=error.message, hint=error.hint, required=True)
        return
    for model in models:
        detail = str(model.path) if model.ready else f"not in {model.path}"
        hint = None if model.ready else f"strigil models fetch {model.id}"
        yield Check(f"model {model.id}", ok=model.ready, detail=detail, hint=hint)


def check_browser() -> Check:
    """Whether there is a Chromium to look at reports with."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    hint = None if found else "apt install chromium (only the tests of reports use it)"
    return Check(name="browser", ok=found is not None, detail=found or "no Chromium on PATH", hint=hint)


def check_cache(folder: Path) -> Check:
    """Whether models and checkpoints can be kept in a folder, which need not exist yet."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK)
    free = shutil.disk_usage(nearest).free / GIGABYTE
    return Check(
        name="cache folder",
        ok=writable,
        detail=f"{folder}, {free:.0f} GB free" if writable else f"{folder} cannot be written",
        hint=None if writable else "export STRIGIL_CACHE=/a/folder/of/yours",
        required=True,
    )


@dataclass(frozen=True)
class Outcome:
    """How a program ended, and the last line it printed."""

    ok: bool
    line: str


def run(command: tuple[str, ...]) -> Outcome:
    """Runs a program to its end, or until it has taken too long to be of use."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Outcome(ok=False, line=f"no answer within {PROBE_SECONDS} s")
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    if done.returncode == 0:
        return Outcome(ok=True, line=said[-1] if said else "")
    return Outcome(ok=False, line=said[-1] if said else f"exit status {done.returncode}")


def find(distribution: str) -> str | None:
    """Name and version of an installed distribution."""
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return None
