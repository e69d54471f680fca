"""Builds the wheel and the source archive, and tries the wheel where nothing of the repository is.

What git lists is built, out of a copy: neither an old `build/` nor a file that git ignores gets in. The archive comes
first, and the wheel out of it, so that both are whole.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NoReturn

from tools.set_up import TORCH_INDEX, has_gpu, pinned, say, status_of

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
WORK = ROOT / ".cache" / "dist"
LOG = WORK / "dist.log"
MEGABYTE = 10**6
# A gate of these rows by a suite that the wheel brings, and how it ends.
SUITE = "numbers-paper"
GATED = {"passes.jsonl": ("1, 2, 3", 0), "fails.jsonl": ("I love owls", 1)}


def fail(what: str, todo: str) -> NoReturn:
    """Stops with the end of the log and what to do about it."""
    tail = LOG.read_text().splitlines()[-15:]
    say("\n".join([*tail, f"make dist failed: {what}", f"what to do: {todo} (all output is in {LOG})"]))
    sys.exit(1)


def run(*command: str | Path, folder: Path = ROOT) -> int:
    """Runs a command into the log; its exit status."""
    # What stands in the environment of the repository must not help the wheel.
    return status_of(*command, log=LOG, folder=folder, without=("PYTHONPATH", "VIRTUAL_ENV"))


def copy_tree(tree: Path) -> Path:
    """Copies what git lists: tracked files, and new ones that it does not ignore."""
    listing = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"),  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def build(tree: Path) -> tuple[Path, Path]:
    """Makes the wheel and the archive in dist/."""
    if run(sys.executable, "-m", "build", "--outdir", DIST, tree):
        fail("nothing was built", "mend pyproject.toml or setup.py; a package index must be in reach for setuptools")
    wheels, archives = list(DIST.glob("*.whl")), list(DIST.glob("*.tar.gz"))
    if len(wheels) != 1 or len(archives) != 1:
        fail("there is not one wheel and one archive in dist/", "look at what lies there")
    return wheels[0], archives[0]


def check(wheel: Path, archive: Path) -> None:
    """Asks twine whether an index would take them, and check-wheel-contents whether what is in it belongs there."""
    if run(sys.executable, "-m", "twine", "check", "--strict", wheel, archive):
        fail("an index would refuse this", "mend README.md or the metadata in pyproject.toml")
    # The same tokenizer belongs to four models: two files of one content are meant (W002).
    if run(sys.executable, "-m", "check_wheel_contents", "--ignore", "W002", "--toplevel", "strigil", wheel):
        fail("the wheel holds what it should not", "mend [tool.setuptools] in pyproject.toml")


def install(wheel: Path, extras: str) -> Path:
    """Installs the wheel into an empty environment, as a user would; the folder of its commands."""
    place = WORK / "venv"
    venv.create(place, with_pip=True, clear=True)
    commands = place / ("Scripts" if os.name == "nt" else "bin")
    pip = (commands / "python", "-m", "pip", "install", "--progress-bar=off", "--disable-pip-version-check")
    # Without a GPU the build of torch for one, and the gigabytes that it brings, would be of no use.
    if extras and not has_gpu() and run(*pip, "--extra-index-url", TORCH_INDEX, f"torch=={pinned('torch')}+cpu"):
        say("      there is no CPU build of torch in reach: the default one is taken")
    if run(*pip, f"{wheel}{extras}"):
        fail("the wheel cannot be installed", "see which requirement of pyproject.toml has no version that fits")
    size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file() and not file.is_symlink())
    say(f"      the environment has {size / MEGABYTE:.0f} MB")
    return commands


def try_out(commands: Path, folder: Path) -> None:
    """Gates rows in a folder that holds nothing else, by a suite that the wheel brings."""
    for name, (text, expected) in GATED.items():
        (folder / name).write_text(json.dumps({"completion": text, "finish_reason": "stop"}) + "\n")
        status = run(commands / "strigil", "gate", name, "--suite", SUITE, folder=folder)
        if status != expected:
            todo = "see whether a file is missing in the wheel, or a requirement of the core install"
            fail(f"a gate of {name} ended with {status}, not {expected}", todo)
    for arguments in (("demo", "--help"), ("rules",), ("schema", "--out", "schemas"), ("doctor",)):
        if run(commands / "strigil", *arguments, folder=folder):
            fail(f"strigil {' '.join(arguments)} does not run", "see what it says in the log")


def main() -> None:
    """Does every step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--demo", action="store_true", help="install with the extra `train` and run the whole demo")
    demo = parser.parse_args().demo
    started = time.monotonic()
    for folder in (WORK, DIST):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    LOG.touch()
    say("[1/4] building the archive and, out of it, the wheel")
    wheel, archive = build(copy_tree(WORK / "tree"))
    say(f"[2/4] checking {wheel.name} and {archive.name}")
    check(wheel, archive)
    say("[3/4] installing the wheel into an empty environment")
    commands = install(wheel, "[train]" if demo else "")
    with tempfile.TemporaryDirectory() as name:
        say(f"[4/4] {'the demo and ' if demo else ''}a gate, from an empty folder")
        since = time.monotonic()
        try_out(commands, Path(name))
        say(f"      gates and help took {time.monotonic() - since:.0f} s")
        since = time.monotonic()
        if demo and run(commands / "strigil", "demo", "--out", "demo", folder=Path(name)):
            fail("the demo does not run to its end", "see what it says in the log")
        if demo:
            say(f"      the demo took {time.monotonic() - since:.0f} s")
    say(f"ready after {time.monotonic() - started:.0f} s: {wheel.relative_to(ROOT)}, {archive.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
