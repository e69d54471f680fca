"""What the check runs on: environment.json."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "accelerate",
    "datasets",
    "peft",
    "polars",
    "pyarrow",
    "tokenizers",
    "torch",
    "transformers",
    "trl",
    "xgrammar",
)


def main() -> None:
    """Writes the file, and prints it in one line."""
    found = {
        "gpu": gpu(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: installed(name) for name in PACKAGES},
    }
    Path(sys.argv[1], "environment.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found))


def gpu() -> str:
    """Name, driver and memory as nvidia-smi says them."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return "none"
    asked = [command, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def installed(name: str) -> str:
    """A package's version."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
