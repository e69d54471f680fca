"""One repository on the Hugging Face Hub, through its own client; every failure becomes one line with a next step."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Literal

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, HfFileSystem
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of its HTTP library, whichever it is
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from strigil.common.disk import Writing
from strigil.common.errors import CheckFailedError, ConfigError, PrerequisiteError, first_line
from strigil.common.scratch import scratch_folder
from strigil.data.lines import BLOCK
from strigil.stores.hub.package import Difference, Kind, Package, RemoteFile

_AGAIN = "run the same command again: it goes on from what is there"


@dataclass(frozen=True)
class RepositoryState:
    """What a repository holds: its main commit, that commit's files, and commits by tag and by pull request."""

    head: str
    private: bool
    gated: bool
    files: dict[str, RemoteFile]
    tags: dict[str, str]
    pulls: dict[str, str]


def open_repository(name: str, kind: Kind, *, progress: bool) -> HubRepository:
    """A repository on the Hub, with the client's own progress bars or without.

    The token comes from the environment or from the Hub's own login, and from nowhere else.
    """
    if not progress:
        disable_progress_bars()
    return HubRepository(HfApi(library_name="strigil"), name, kind)


class HubRepository:
    """A repository by its id, `owner/name`.

    Args:
        api: The Hub's client; it takes the token from the environment or the Hub's own login.
        id: `owner/name`.
        kind: A data set's or a model's repository.

    Raises:
        ConfigError: The id has another form.
    """

    def __init__(self, api: HfApi, id: str, kind: Kind) -> None:
        if not all(id.partition("/")) or id.count("/") != 1:
            raise _bad_id(id)
        self.id = id
        self.kind: Kind = kind
        self._api = api

    def state(self) -> RepositoryState | None:
        """What is there, or None if there is no such repository (or none that this login may see)."""
        try:
            with self._talking():
                info = self._api.repo_info(self.id, repo_type=self.kind)
                refs = self._api.list_repo_refs(self.id, repo_type=self.kind, include_pull_requests=True)
        except PrerequisiteError as error:
            if isinstance(error.__cause__, RepositoryNotFoundError):
                return None
            raise
        head = str(info.sha)
        return RepositoryState(
            head=head,
            private=bool(info.private),
            gated=bool(info.gated),
            files=self.files(head),
            tags={ref.name: ref.target_commit for ref in refs.tags},
            pulls={ref.ref: ref.target_commit for ref in refs.pull_requests or []},
        )

    def commit_of(self, revision: str) -> str:
        """The commit that a branch, a tag or a commit's name stands for.

        Raises:
            ConfigError: There is no such revision.
            PrerequisiteError: There is no such repository, or the Hub cannot be reached.
        """
        with self._talking():
            return str(self._api.repo_info(self.id, revision=revision, repo_type=self.kind).sha)

    def files(self, revision: str) -> dict[str, RemoteFile]:
        """The files of a commit."""
        with self._talking():
            entries = list(self._api.list_repo_tree(self.id, recursive=True, revision=revision, repo_type=self.kind))
        return {
            entry.path: RemoteFile(entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
            for entry in entries
            if isinstance(entry, RepoFile)
        }

    def create(self, *, private: bool) -> None:
        """Makes the repository if there is none."""
        with self._talking():
            self._api.create_repo(self.id, repo_type=self.kind, private=private, exist_ok=True)

    def gate(self) -> None:
        """Lets readers in only after they asked for access."""
        settings: Literal["manual"] = "manual"
        with self._talking():
            self._api.update_repo_settings(self.id, gated=settings, repo_type=self.kind)

    def commit(
        self, package: Package, change: Difference, *, parent: str, description: str, create_pr: bool
    ) -> tuple[str, str | None]:
        """Commits a difference at once, on top of `parent` and nothing else.

        Returns:
            The commit, and the pull request's address if one was asked for.
        """
        operations: list[CommitOperationAdd | CommitOperationDelete] = [
            CommitOperationAdd(path, package.files[path].source) for path in (*change.added, *change.changed)
        ]
        operations += [CommitOperationDelete(path) for path in change.deleted]
        with self._talking():
            made = self._api.create_commit(
                self.id,
                operations,
                commit_message=f"{package.name} {package.tag}",
                commit_description=description,
                repo_type=self.kind,
                parent_commit=parent,
                create_pr=create_pr,
            )
        return made.oid, made.pr_url

    def tag(self, name: str, *, revision: str, message: str) -> None:
        """Names a commit."""
        with self._talking():
            self._api.create_tag(self.id, tag=name, tag_message=message, revision=revision, repo_type=self.kind)

    def download(self, path: str, *, revision: str, target: Path) -> None:
        """Brings one file here, past every cache.

        Raises:
            PrerequisiteError: The Hub cannot be reached, or the disk is full.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(target.parent) as folder, self._talking(), Writing(target):
            got = self._api.hf_hub_download(self.id, path, revision=revision, repo_type=self.kind, local_dir=folder)
            shutil.move(got, target)

    @contextmanager
    def open(self, path: str, *, revision: str) -> Iterator[BinaryIO]:
        """One file of a data set, of which only what is read comes here."""
        files = HfFileSystem(endpoint=self._api.endpoint, token=self._api.token)
        with self._talking(), files.open(f"datasets/{self.id}@{revision}/{path}", "rb", block_size=BLOCK) as stream:
            yield stream

    def read(self, path: str, *, revision: str) -> bytes:
        """One file's bytes; for small files."""
        with scratch_folder() as folder:
            target = folder / "file"
            self.download(path, revision=revision, target=target)
            return target.read_bytes()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except HFValidationError as error:
            raise _bad_id(self.id) from error
        except RevisionNotFoundError as error:
            message = f"{self.id} has no such version on the Hub"
            raise ConfigError(message) from error
        except RepositoryNotFoundError as error:
            message = f"there is no {self.kind} repository {self.id} on the Hub, or this login may not see it"
            raise PrerequisiteError(message, hint="hf auth login, or set HF_TOKEN") from error
        except HfHubHTTPError as error:
            raise self._refused(error) from error
        except LocalEntryNotFoundError as error:
            message = f"{self.id}: the Hub cannot be reached: {first_line(error.__cause__ or error)}"
            raise PrerequisiteError(message, hint=_AGAIN) from error
        except (HTTPError, OSError) as error:
            message = f"{self.id}: the connection to the Hub failed: {first_line(error)}"
            raise PrerequisiteError(message, hint=_AGAIN) from error
        except RuntimeError as error:
            # What the client raises around a failed upload; anything else is not ours to explain.
            if not isinstance(error.__cause__, HTTPError | OSError):
                raise
            message = f"{self.id}: an upload was cut off: {first_line(error)}"
            raise PrerequisiteError(message, hint=_AGAIN) from error

    def _refused(self, error: HfHubHTTPError) -> CheckFailedError | PrerequisiteError:
        status = error.response.status_code
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            message = f"the Hub does not let this login do that to {self.id}: {first_line(error)}"
            return PrerequisiteError(message, hint="hf auth login, or set HF_TOKEN, with a token that may write")
        if status in {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
            message = (
                f"somebody else changed {self.id} in the meantime; nothing of this version was committed or tagged"
            )
            return CheckFailedError(message, hint="look at the difference with --dry-run, then run the command again")
        return PrerequisiteError(f"{self.id}: the Hub answered {status}: {first_line(error)}", hint=_AGAIN)


def _bad_id(id: str) -> ConfigError:
    return ConfigError(f"{id!r} cannot name a repository", hint="a repository is called OWNER/NAME")
