"""Ctrl-C and SIGTERM: one line and their own exit status, from the first moment on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

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


@pytest.mark.parametrize("after", [0.05, 0.1, 0.2, 0.3, 0.5])
def test_ctrl_c_in_the_first_second_is_no_traceback(after: float) -> None:
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
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in {0, 130}
    assert "Traceback" not in said
