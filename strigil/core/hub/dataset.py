"""Files of a data set on the Hub, at one commit of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from huggingface_hub import HfApi

from strigil.core.errors import ConfigError
from strigil.core.hub.repository import HubRepository
from strigil.core.path_patterns import path_pattern

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


class HubDataset:
    """A data set's repository at one commit.

    Args:
        address: Which; its path is not looked at.

    Raises:
        ConfigError: There is no such repository or revision.
        PrerequisiteError: The Hub cannot be reached, or this login may not see it.
    """

    def __init__(self, address: HubAddress) -> None:
        self._repository = HubRepository(HfApi(library_name="strigil"), address.id, "dataset")
        self.commit = self._repository.commit_of(address.revision)
        self.address = f"{SCHEME}{address.id}@{quote(address.revision, safe='')}"

    def files(self, pattern: str = "**") -> dict[str, int]:
        """Sizes in bytes of the files whose path fits a pattern, as in `Bucket.files`.

        Raises:
            PrerequisiteError: The Hub cannot be reached.
        """
        fits = path_pattern(pattern)
        there = self._repository.files(self.commit)
        return {path: file.size for path, file in sorted(there.items()) if fits.fullmatch(path)}

    def download(self, path: str, target: Path) -> None:
        """Brings one file here.

        Raises:
            PrerequisiteError: The Hub cannot be reached.
        """
        self._repository.download(path, revision=self.commit, target=target)
