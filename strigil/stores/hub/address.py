"""How a data set on the Hub is named; nothing is asked of the Hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from strigil.common.errors import ConfigError
from strigil.data.formats.kinds import is_table

SCHEME: Final = "hf://datasets/"
_ID: Final = r"(?P<id>\w[\w.-]*/\w[\w.-]*)"
# As the Hub's own file system takes them: a slash ends a revision, but for pull requests and conversions.
_REVISION: Final = r"(?:@(?P<revision>refs/(?:pr|convert)/[^:/@\s]+|[^:/@\s]+))?"
_SHORT: Final = re.compile(rf"{_ID}{_REVISION}(?::(?P<config>[^:/@\s]+))?(?:/(?P<split>\w[\w.-]*))?")
_LONG: Final = re.compile(rf"{_ID}{_REVISION}(?:/(?P<path>.+))?")


@dataclass(frozen=True)
class HubAddress:
    """`OWNER/NAME@REVISION:CONFIG/SPLIT`, or `hf://datasets/OWNER/NAME@REVISION/PATH`, its own file system's form.

    Attributes:
        id: `OWNER/NAME`.
        revision: A branch, a tag or a commit.
        path: A file in it, or a pattern; None means tables of a config and a split.
        config: Of its configurations; None if it has only one.
        split: Of the config's splits; None if it has only one.
    """

    id: str
    revision: str
    path: str | None
    config: str | None = None
    split: str | None = None

    @property
    def text(self) -> str:
        """The short form, without path, config and split."""
        return self.id if self.revision == "main" else f"{self.id}@{self.revision}"

    @classmethod
    def parse(cls, text: str) -> HubAddress | None:
        """The address that a text is, if it is one; what only has the form of a path is one if no such folder is here.

        Raises:
            ConfigError: It begins like one and goes on otherwise.
        """
        if text.startswith(SCHEME):
            found = _LONG.fullmatch(text.removeprefix(SCHEME))
            if found is None:
                message = f"{text} is not {SCHEME}OWNER/NAME@REVISION/PATH"
                raise ConfigError(message, hint="leave @REVISION out for main, and /PATH for its only split")
            return cls(found["id"], unquote(found["revision"] or "main"), found["path"])
        found = _SHORT.fullmatch(text)
        if found is None or (not (found["revision"] or found["config"]) and _is_path(text)):
            return None
        revision = unquote(found["revision"] or "main")
        return cls(found["id"], revision, None, found["config"], found["split"])


def _is_path(text: str) -> bool:
    path = Path(text)
    return path.exists() or Path(path.parts[0]).exists() or is_table(path.name)
