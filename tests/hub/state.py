"""What the Hub stand-in remembers: repositories with commits, branches, tags and pull requests, and stored LFS objects.

A stand-in, for tests only: it speaks the Hub's interface and keeps everything in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

START = "0" * 40
DATE = datetime(2026, 11, 24, tzinfo=UTC).isoformat().replace("+00:00", "Z")
LFS_SUFFIXES = (".parquet", ".safetensors", ".bin")


class RefusedError(Exception):
    """A request that the Hub refuses; becomes a response with its headers."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Blob:
    """One file of a commit; an LFS one is stored as a pointer in git."""

    content: bytes
    lfs: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def pointer(self) -> bytes:
        head = "version https://git-lfs.github.com/spec/v1"
        return f"{head}\noid sha256:{self.sha256}\nsize {len(self.content)}\n".encode()

    @property
    def oid(self) -> str:
        stored = self.pointer if self.lfs else self.content
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored, usedforsecurity=False).hexdigest()

    def entry(self, path: str) -> dict[str, object]:
        """As `tree` and `paths-info` say it."""
        value: dict[str, object] = {"type": "file", "path": path, "oid": self.oid, "size": len(self.content)}
        if self.lfs:
            value["lfs"] = {"oid": self.sha256, "size": len(self.content), "pointerSize": len(self.pointer)}
        return value


Tree = Mapping[str, Blob]


@dataclass(frozen=True)
class Commit:
    """A commit: its files, and where it came from."""

    sha: str
    parent: str
    title: str
    description: str
    tree: Tree


@dataclass
class Repository:
    """One repository, of kind `dataset` or `model`."""

    id: str
    kind: str
    private: bool
    gated: str | bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    tag_messages: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        attributes = Blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n", lfs=False)
        self.branches["main"] = self.record(START, "initial commit", "", {".gitattributes": attributes})

    @property
    def head(self) -> Commit:
        return self.commits[self.branches["main"]]

    def record(self, parent: str, title: str, description: str, tree: Tree) -> str:
        listing = "".join(f"{path} {blob.oid}\n" for path, blob in sorted(tree.items()))
        text = f"{parent}\n{title}\n{description}\n{len(self.commits)}\n{listing}"
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = Commit(sha, parent, title, description, dict(tree))
        return sha

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, tag, pull request or (abbreviated) commit name stands for."""
        names = self.branches | self.tags | {f"refs/pr/{number}": sha for number, sha in self.pulls.items()}
        names |= {f"refs/heads/{name}": sha for name, sha in self.branches.items()}
        if revision in names:
            return self.commits[names[revision]]
        if len(revision) >= 7 and (found := [sha for sha in self.commits if sha.startswith(revision)]):
            return self.commits[found[0]]
        raise RefusedError(404, f"Invalid rev id: {revision}", "RevisionNotFound")

    def file(self, revision: str, path: str) -> tuple[Commit, Blob]:
        commit = self.resolve(revision)
        if path not in commit.tree:
            raise RefusedError(404, "Entry not found", "EntryNotFound")
        return commit, commit.tree[path]

    def put(self, files: Mapping[str, bytes], title: str = "by somebody else") -> str:
        """Somebody else's commit to main."""
        added = {path: Blob(content, lfs=path.endswith(LFS_SUFFIXES)) for path, content in files.items()}
        self.branches["main"] = self.record(self.branches["main"], title, "", {**self.head.tree, **added})
        return self.branches["main"]

    def merge(self, number: int) -> None:
        """Somebody merges a pull request."""
        self.branches["main"] = self.pulls[number]
