"""How a data set on the Hub is named; nothing is asked of the Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from strigil.common.errors import ConfigError

SCHEME: Final = "hf://datasets/"
_PINNED: Final = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)@(?P<revision>[^@\s]+)")
_ADDRESS: Final = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^@/\s]+))?(?:/(?P<path>.+))?")


@dataclass(frozen=True)
class HubAddress:
    """`OWNER/NAME@REVISION`, or as the Hub's own file system writes it, `hf://datasets/OWNER/NAME@REVISION/PATH`.

    Attributes:
        id: `OWNER/NAME`.
        revision: A branch, a tag or a commit.
        path: A file in it, or a pattern; None means all tables.
    """

    id: str
    revision: str
    path: str | None

    @classmethod
    def parse(cls, text: str) -> HubAddress | None:
        """The address that a text is, if it is one; the short form needs its revision, for a path looks like the rest.

        Raises:
            ConfigError: It begins like one and goes on otherwise.
        """
        if not text.startswith(SCHEME):
            pinned = _PINNED.fullmatch(text)
            return None if pinned is None else cls(pinned["id"], pinned["revision"], None)
        found = _ADDRESS.fullmatch(text.removeprefix(SCHEME))
        if found is None:
            message = f"{text} is not {SCHEME}OWNER/NAME@REVISION/PATH"
            raise ConfigError(message, hint="leave @REVISION out for main, and /PATH for all of its tables")
        return cls(found["id"], unquote(found["revision"] or "main"), found["path"])
