"""A limit on how long something may take, for patterns and data that somebody else wrote."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from strigil.common.errors import CheckFailedError


class _OutOfTime(BaseException):
    """Not an Exception, so that libraries that swallow those do not swallow it."""


@contextmanager
def time_limit(seconds: float, *, what: str) -> Iterator[None]:
    """Stops after so many seconds, also in the middle of a regular expression.

    It rests on the alarm signal, which only the main thread gets: elsewhere there is no limit.

    Raises:
        CheckFailedError: Time ran out.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise _OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _OutOfTime as error:
        message = f"{what} took longer than {seconds:g} s and was stopped"
        raise CheckFailedError(message, hint="a pattern may be hostile; --time-limit allows more") from error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
