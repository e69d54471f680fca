"""Ctrl-C and SIGTERM, by what they raise and end with; imports nothing, so that it holds from the first moment on."""

from __future__ import annotations

import signal

INTERRUPTED = 130
TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """SIGTERM came: whatever is cleaned up after Ctrl-C is cleaned up after it too."""


def raise_on_termination() -> None:
    """From now on, SIGTERM raises `Terminated` in the main thread."""

    def terminate(signum: int, frame: object) -> None:
        del signum, frame
        raise Terminated

    signal.signal(signal.SIGTERM, terminate)
