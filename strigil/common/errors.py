"""The errors that strigil raises on purpose, each with the next thing to type and an exit status."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from strigil.common.plain import plain_text


class StrigilError(Exception):
    """A failure that the user can act on; printed as one line, without a traceback.

    Args:
        message: What went wrong, and where (a file, a key, a row).
        hint: What to type or change next; printed on a line of its own.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        message = plain_text(message, lines=True)
        super().__init__(message)
        self.message = message
        self.hint = None if hint is None else plain_text(hint, lines=True)

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes whole; without this, by the message alone, which not every subclass takes."""
        return _again, (type(self), self.args), self.__dict__


class ConfigError(StrigilError):
    """Bad usage, recipe, suite, file or folder (exit status 2)."""


class DataError(StrigilError):
    """A table or release that cannot be used as it is (exit status 2)."""


class ManifestError(DataError):
    """A manifest that is not what was written; `what` completes the sentence "manifest.json ..."."""

    def __init__(self, source: str, what: str) -> None:
        super().__init__(f"{source} {what}")
        self.what = what


class PrerequisiteError(StrigilError):
    """Something must be installed, fetched or reachable first (exit status 3)."""

    exit_code = 3


class MemoryShortError(PrerequisiteError):
    """There is too little memory for a piece of work; a smaller form of it may fit (exit status 3)."""


class CheckFailedError(StrigilError):
    """A check ran and the answer is no: a gate or a verification failed (exit status 1)."""

    exit_code = 1


def check_known(kind: str, name: str, known: Collection[str], *, otherwise: str = "") -> None:
    """Refuses a name that is none of the known ones.

    Raises:
        ConfigError: It is none; the hint has the nearest, or all and `otherwise`, what else could have stood there.
    """
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known))}{otherwise}"
    message = f"unknown {kind} {name!r}"
    raise ConfigError(message, hint=hint)


def _again(kind: type[StrigilError], args: tuple[object, ...]) -> StrigilError:
    return kind.__new__(kind, *args)


def first_line(error: BaseException | str) -> str:
    """The first line of what a library says, for a message of one line; an error's name where it says nothing."""
    lines = (line.strip() for line in str(error).splitlines())
    silent = type(error).__name__ if isinstance(error, BaseException) else ""
    return next((line for line in lines if line), silent)
