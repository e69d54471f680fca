"""What is published: files with their digests, and how they differ from what a repository holds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from strigil.common.canonical import file_digest

Kind = Literal["dataset", "model"]


@dataclass(frozen=True)
class PackageFile:
    """One file to be published; `source` is where it is, or its bytes."""

    source: Path | bytes
    sha256: str
    size: int

    @classmethod
    def at(cls, path: Path) -> PackageFile:
        """A file on disk, hashed now."""
        return cls(path, file_digest(path), path.stat().st_size)

    @classmethod
    def of(cls, text: str) -> PackageFile:
        """A text, as UTF-8."""
        data = text.encode()
        return cls(data, hashlib.sha256(data).hexdigest(), len(data))

    def text(self) -> str:
        """What it says, as UTF-8."""
        return self._data().decode()

    def _data(self) -> bytes:
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()

    def git_oid(self) -> str:
        """The SHA-1 by which git, and so the Hub, names a file that is not in large-file storage."""
        data = self._data()
        return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Package:
    """A version of a data set or model, ready to be published; `files` are named by their path in the repository."""

    kind: Kind
    name: str
    version: str
    files: Mapping[str, PackageFile]

    @property
    def tag(self) -> str:
        """The tag that names the version on the Hub."""
        return f"v{self.version}"

    def owns(self, path: str) -> bool:
        """Whether a path lies in a folder of the package, where nothing else may be: loaders take whole folders."""
        folders = {name.split("/")[0] for name in self.files if "/" in name}
        return "/" in path and path.split("/")[0] in folders


@dataclass(frozen=True)
class RemoteFile:
    """One file in a repository; `sha256` is known of files in large-file storage only."""

    size: int
    git_oid: str
    sha256: str | None

    def equals(self, local: PackageFile) -> bool:
        """Whether the Hub says that it is this file."""
        if self.size != local.size:
            return False
        return self.sha256 == local.sha256 if self.sha256 is not None else self.git_oid == local.git_oid()


@dataclass(frozen=True)
class Difference:
    """What publishing would do to a repository, as paths in order.

    Attributes:
        deleted: Files of the version before that this one no longer has.
        foreign: Files in the package's folders that no version put there.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]
    unchanged: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the repository holds the package already."""
        return not (self.added or self.changed or self.deleted or self.foreign)


def difference(package: Package, remote: Mapping[str, RemoteFile], before: Collection[str]) -> Difference:
    """Compares a package with a repository's files; `before` names those that the version before put there."""
    here, there = set(package.files), set(remote)
    same = {path for path in here & there if remote[path].equals(package.files[path])}
    gone = (set(before) & there) - here
    return Difference(
        added=tuple(sorted(here - there)),
        changed=tuple(sorted((here & there) - same)),
        deleted=tuple(sorted(gone)),
        unchanged=tuple(sorted(same)),
        foreign=tuple(sorted(path for path in there - here - gone if package.owns(path))),
    )
