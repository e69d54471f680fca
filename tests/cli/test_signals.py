"""Ctrl-C and SIGTERM: one line and their own exit status, from the first moment on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

# Sends itself the signal while the command runs, so that no moment has to be guessed.
_CODE = """
import os, signal, sys, time, click
import strigil.cli.main as main
def hit():
    os.kill(os.getpid(), signal.{name})
    time.sleep(9)
main.Commands.get_command = lambda *_: click.Command("x", callback=hit)
sys.argv = ["strigil", "x"]
main.main()
"""


@pytest.mark.parametrize(("name", "status", "word"), [("SIGTERM", 143, "terminated"), ("SIGINT", 130, "interrupted")])
def test_a_signal_is_one_line_and_its_own_status(name: str, status: int, word: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(name=name)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == status
    assert [line for line in done.stderr.splitlines() if line] == [
        f"error: {word}; the same command goes on where this one stopped"
    ]


@pytest.mark.parametrize("after", [0.02, 0.1, 0.2, 0.4])
@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_in_the_first_second_is_one_line(name: str, status: int, after: float) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import strigil.__main__ as m, sys; sys.argv[1:] = ['models', 'list']; print(1, flush=True); m.main()",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    process.send_signal(signal.Signals[name])
    _, said = process.communicate(timeout=60)
    # One that has done its work and is shutting down ends with the signal itself, and has nothing to say.
    assert process.returncode in {0, status, -signal.Signals[name]}
    lines = [line for line in said.splitlines() if line]
    assert len(lines) == (1 if process.returncode == status else 0)
    assert all(line.startswith("error: ") for line in lines)


def test_the_command_begins_where_signals_are_caught() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"strigil": "strigil.__main__:main"}
