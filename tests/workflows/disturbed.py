"""Commands in processes of their own, which signals end at any moment: what they leave, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import huggingface_hub.constants
import psutil
import pytest

from tests.forked import forked
from tests.hub.protocol import TOKEN

STATUSES: Final = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
WORDS: Final = {signal.SIGTERM: "error: terminated;", signal.SIGINT: "error: interrupted;"}


@dataclass(frozen=True)
class Place:
    """Where a command runs.

    Attributes:
        folder: Its working folder.
        hub: The address of the stand-in.
    """

    folder: Path
    hub: str

    @property
    def temporary(self) -> Path:
        """What `TMPDIR` is."""
        return self.folder / "tmp"


@dataclass(frozen=True)
class Ended:
    """How a command ended: `seconds` is how long it lived, `said` what it wrote to stderr."""

    status: int
    seconds: float
    said: str


def _command(arguments: list[str], place: Place, log: Path) -> None:
    os.setsid()
    opened = log.with_suffix(".begun")
    said = os.open(opened, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.chdir(place.folder)
    os.environ |= {"TMPDIR": str(place.temporary), "HF_TOKEN": TOKEN, "STRIGIL_CACHE": str(place.folder / "cache")}
    tempfile.tempdir = None
    constants = huggingface_hub.constants
    constants.HUGGINGFACE_CO_URL_TEMPLATE = constants.HUGGINGFACE_CO_URL_TEMPLATE.replace(constants.ENDPOINT, place.hub)
    constants.ENDPOINT, constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET = place.hub, False, True
    import torch

    from strigil.cli.main import main

    torch.set_num_threads(1)
    sys.argv = ["strigil", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    opened.rename(log)
    main()


def begin(arguments: list[str], place: Place, *, log: str = "log") -> ForkServerProcess:
    """Starts a command."""
    place.temporary.mkdir(parents=True, exist_ok=True)
    (place.folder / log).unlink(missing_ok=True)
    process = forked().Process(target=_command, args=(arguments, place, place.folder / log))
    process.start()
    # Until it has begun it is no command yet, and a signal would end what multiprocessing does to start it.
    while not (place.folder / log).exists() and process.is_alive():
        time.sleep(0.005)
    return process


def run(arguments: list[str], place: Place, *, number: signal.Signals = signal.SIGKILL, after: float = 600.0) -> Ended:
    """Runs a command, and sends it a signal after so many seconds.

    Ctrl-C reaches what the command started too; whoever else ends a command ends that process alone.
    """
    process = begin(arguments, place)
    pid = process.pid
    assert pid is not None
    started = time.monotonic()
    process.join(after)
    if process.is_alive():
        if number == signal.SIGINT and os.getpgid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    process.join(60)
    assert process.exitcode is not None, "it goes on after the signal"
    ended = Ended(process.exitcode, time.monotonic() - started, (place.folder / "log").read_text(errors="replace"))
    assert not _left(pid), "processes are left"
    return ended


def _left(session: int) -> list[str]:
    """What a command started and left, a few seconds after it."""
    deadline = time.monotonic() + 5.0
    while True:
        left = []
        for process in psutil.process_iter(["pid", "cmdline", "status"]):
            try:
                own = os.getsid(process.pid) == session
            except ProcessLookupError:
                continue
            if own and process.info["status"] != psutil.STATUS_ZOMBIE:
                left.append(" ".join(process.info["cmdline"] or []))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.2)


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory."""

    folder: Path

    def hold(self, size: int) -> None:
        """Lets it hold so many bytes more than it does now."""
        statistics = os.statvfs(self.folder)
        used = (statistics.f_blocks - statistics.f_bfree) * statistics.f_frsize
        _mount("-o", f"remount,size={used + size}", str(self.folder))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mounts one, which needs to be root and allowed to."""
    try:
        _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("DISKS WERE NOT FILLED: no tmpfs can be mounted here; it takes root")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607  # where it is differs


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S607
