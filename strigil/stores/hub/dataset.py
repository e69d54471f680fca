"""Files of a data set on the Hub, at one commit of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from huggingface_hub import HfApi

from strigil.data.path_patterns import path_pattern
from strigil.stores.hub.address import SCHEME, HubAddress
from strigil.stores.hub.repository import HubRepository


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
        """Sizes in bytes of the files whose path fits a pattern, as in `RemoteFolder.files`.

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

    def read(self, path: str) -> bytes:
        """One small file's bytes.

        Raises:
            PrerequisiteError: The Hub cannot be reached.
        """
        return self._repository.read(path, revision=self.commit)

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """One file, of which only what is read comes here.

        Raises:
            PrerequisiteError: Here or while it is read: the Hub cannot be reached.
        """
        return self._repository.open(path, revision=self.commit)
